"""Who asks, and what they may do: principals, API keys, tokens of other issuers, the page's sign-ins, tenants, and the
record of what admins did.
"""
