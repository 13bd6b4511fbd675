"""What can be wrong with a request of a program, and how it is told (RFC 9457).

The codes are part of the contract: programs branch on them, so they are added to and
never changed.
"""

PROBLEMS = {
    # code: (status, title)
    "bad_request": (400, "The request cannot be read"),
    "unauthorized": (401, "A valid key is needed"),
    "scope": (403, "The key does not allow this"),
    "forbidden": (403, "The user of the key may not do this"),
    "not_found": (404, "There is nothing here"),
    "method": (405, "This address does not take this method"),
    "conflict": (409, "Somebody else changed the same records at this moment"),
    "idempotency_conflict": (409, "The idempotency key was used for another request"),
    "in_progress": (409, "A request with this idempotency key is being worked on"),
    "decided": (409, "The task is not open any more"),
    "too_large": (413, "The body is too large"),
    "media_type": (415, "The body has to be JSON"),
    "invalid": (422, "The values cannot be taken"),
    "rate_limited": (429, "Too many requests"),
    "internal": (500, "The server failed"),
}
URN = "urn:crm-suite:api:"
MEDIA_TYPE = "application/problem+json"


class ApiProblem(Exception):
    """A request that is not carried out.

    :param str code: one of :data:`PROBLEMS`
    :param str detail: what is wrong with this very request, and what to do
    :param int retry_after: seconds to wait before trying again
    :param list[dict] errors: ``{"code", "field", "reason"}`` of single values
    """

    def __init__(self, code, detail, retry_after=None, errors=None):
        super().__init__(detail)
        self.code = code
        self.status = PROBLEMS[code][0]
        self.detail = detail
        self.retry_after = retry_after
        self.errors = errors

    def as_body(self):
        """The problem as the object that is sent.

        :rtype: dict
        """
        body = {
            "type": URN + self.code,
            "title": PROBLEMS[self.code][1],
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            body["errors"] = self.errors
        return body

    def as_headers(self):
        """Headers that go with the problem.

        :rtype: dict[str, str]
        """
        headers = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return headers
