from . import test_mail_gateway, test_natural_date, test_normalize
