from . import api, approval, automation, export, host_export, mail
