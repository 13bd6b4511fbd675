from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import str2bool

from ..tools.guarded_address import (
    AddressRefused,
    GuardedHttpError,
    Policy,
    check_target,
    parse_internal,
    parse_url,
)
from ..tools.guarded_http import request

INTERNAL = "crm_suite_base.http_internal"
ALLOW_HTTP = "crm_suite_base.http_plain"
PORTS = "crm_suite_base.http_ports"
DEFAULT_PORTS = "80, 443, 8443"


def parse_ports(text):
    """Numbers of ports in a text; raises ``ValueError``."""
    ports = tuple(int(part) for part in str(text).replace(",", " ").split())
    if not ports or any(not 0 < port < 65536 for port in ports):
        raise ValueError(text)
    return ports


class HttpClient(models.AbstractModel):
    """What the suite asks or tells other systems goes through here.

    The rules are in :mod:`guarded_address`, the settings of the database below.
    """

    _name = "crm.suite.http"
    _description = "Guarded Web Client"

    @api.model
    def _get_policy(self):
        """What the settings of this database allow.

        :rtype: Policy
        :raise AddressRefused: in a neutralised copy of a database
        """
        # Settings that only this client reads.
        parameters = self.env["ir.config_parameter"].sudo()
        if str2bool(parameters.get_param("database.is_neutralized"), False):
            raise AddressRefused("neutralized")
        return Policy(
            internal=parse_internal(parameters.get_param(INTERNAL)),
            allow_http=str2bool(parameters.get_param(ALLOW_HTTP), False),
            ports=parse_ports(parameters.get_param(PORTS) or DEFAULT_PORTS),
        )

    @api.model
    def _request(self, method, url, body=b"", headers=None, limits=None):
        """Ask another system something; see :func:`guarded_http.request`.

        Not in a request of a person that the server may run again: use an outbox and a
        scheduled action.

        :rtype: Answer
        :raise GuardedHttpError:
        """
        policy = self._get_policy()
        return request(method, url, body, headers, policy, limits)

    @api.model
    def _check_url(self, url, resolve=False):
        """Refuse an address that could never be asked.

        :param bool resolve: also look where the name leads
        :raise UserError: in words of the user
        """
        try:
            if not resolve:
                parse_url(url)
            else:
                check_target(url, self._get_policy())
        except GuardedHttpError as error:
            raise UserError(self._word(error)) from error

    @api.model
    def _word(self, error):
        """An error of the client in the language of the user.

        :rtype: str
        """
        return self._get_words()[error.code] % error.params

    @api.model
    def _get_words(self):
        _ = self.env._
        return {
            "url": _(
                "“%(url)s” is not a complete web address, such as "
                "https://example.com/hook."
            ),
            "scheme": _("“%(url)s” must begin with https://."),
            "credentials": _(
                "“%(url)s” contains a user name or password. Leave them out; the "
                "receiver can check the signature instead."
            ),
            "host": _(
                "“%(host)s” is not a name or address of a server in its usual spelling."
            ),
            "port": _("The port %(port)s is not allowed. Allowed are: %(ports)s."),
            "unknown_host": _("The server “%(host)s” was not found. Check the name."),
            "private": _(
                "“%(host)s” leads to %(address)s, which is no address of the public "
                "internet. An administrator can allow it in the settings, under "
                "internal servers."
            ),
            "connect": _("“%(host)s” does not answer: %(reason)s."),
            "tls": _("“%(host)s” has no valid certificate: %(reason)s."),
            "timeout": _("“%(host)s” took longer than %(seconds)s seconds."),
            "large": _("The answer of “%(host)s” is larger than %(limit)s bytes."),
            "answer": _("“%(host)s” gave an answer that cannot be read: %(reason)s."),
            "header": _("The header “%(name)s” cannot be sent."),
            "neutralized": _(
                "This is a copy of a database, from which nothing is sent."
            ),
            "entry": _(
                "“%(entry)s” is not an internal server. Write a name, an address or a "
                "network, each with a port if needed: erp.local:8069, 10.1.2.3, "
                "10.1.0.0/16."
            ),
        }


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_suite_http_internal = fields.Char(
        string="Internal Servers", config_parameter=INTERNAL
    )
    crm_suite_http_plain = fields.Boolean(
        string="Without Encryption", config_parameter=ALLOW_HTTP
    )
    crm_suite_http_ports = fields.Char(
        string="Ports", config_parameter=PORTS, default=DEFAULT_PORTS
    )

    def set_values(self):
        try:
            parse_internal(self.crm_suite_http_internal)
        except GuardedHttpError as error:
            raise UserError(self.env["crm.suite.http"]._word(error)) from error
        try:
            parse_ports(self.crm_suite_http_ports or DEFAULT_PORTS)
        except ValueError as error:
            raise UserError(
                self.env._(
                    "“%(ports)s” are no numbers of ports. Write for example: 443, 8443.",
                    ports=self.crm_suite_http_ports,
                )
            ) from error
        return super().set_values()
