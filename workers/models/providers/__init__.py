"""Strands' model classes, one module a provider. A module is imported only when a chain names its provider, for some
stand on packages that are large or need not be installed.
"""
