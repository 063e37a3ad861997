"""Sign-in: passwords and the lockout, second factors, and single sign-on by a provider."""
