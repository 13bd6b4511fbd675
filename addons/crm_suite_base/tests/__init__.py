from . import test_natural_date, test_normalize
