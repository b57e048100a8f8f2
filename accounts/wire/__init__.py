"""`/auth/v1`: sign-in for apps, as Supabase's official clients speak it. The people, sessions and factors behind it are
those of our pages.
"""
