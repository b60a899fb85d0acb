"""Bearer tokens of other issuers (OpenID Connect): their keys, and what their tokens say."""
