from . import api, approval, export, host_export, mail
