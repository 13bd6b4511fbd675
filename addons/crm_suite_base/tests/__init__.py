from . import (
    test_export,
    test_host_export,
    test_mail_gateway,
    test_natural_date,
    test_normalize,
)
