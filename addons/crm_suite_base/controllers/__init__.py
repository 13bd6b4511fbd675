from . import api, approval, automation, export, health, host_export, mail
