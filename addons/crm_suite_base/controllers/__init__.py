from . import approval, export, host_export, mail
