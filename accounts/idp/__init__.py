"""Apps of third parties that act for a customer: allauth's OpenID provider, with what we ask beyond it."""
