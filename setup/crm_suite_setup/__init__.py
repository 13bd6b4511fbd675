"""From a fresh machine to a running and tested CRM suite.

Standard library only: this code runs before anything is installed.
"""
