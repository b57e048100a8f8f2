"""What every floor stands on: who is acting, row security, partitions, ids, money, errors, encryption, the
API's manners.

It knows no domain and imports none.
"""
