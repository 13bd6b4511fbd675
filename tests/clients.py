"""The three ways in which programs talk to the suite, standard library only."""

import http.cookiejar
import json
import urllib.error
import urllib.request
import xmlrpc.client


class XmlRpc:
    """XML-RPC as integrations use it: login and password (or an API key)."""

    def __init__(self, url, database, login, password):
        common = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/common")
        self._object = xmlrpc.client.ServerProxy(
            f"{url}/xmlrpc/2/object", allow_none=True
        )
        self.uid = common.authenticate(database, login, password, {})
        assert self.uid, f"{login} cannot log in"
        self._credentials = (database, self.uid, password)

    def call(self, model, method, *arguments, **options):
        return self._object.execute_kw(
            *self._credentials, model, method, list(arguments), options
        )


class Json2Error(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body.get('message')}")
        self.status = status
        self.body = body


class Json2:
    """JSON-2: one POST per call, an API key, arguments by name."""

    def __init__(self, url, database, key):
        self.url = url
        self.headers = {
            "Authorization": f"bearer {key}",
            "Content-Type": "application/json",
            "X-Odoo-Database": database,
        }

    def call(self, model, method, **arguments):
        request = urllib.request.Request(
            f"{self.url}/json/2/{model}/{method}",
            data=json.dumps(arguments).encode(),
            headers=self.headers,
        )
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise Json2Error(error.code, json.loads(error.read())) from error


class Web:
    """The web client's own calls, in a session with a cookie."""

    def __init__(self, url, database, login, password):
        self.url = url
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(jar)
        )
        self.session = self.route(
            "/web/session/authenticate", db=database, login=login, password=password
        )

    def route(self, path, **params):
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params})
        request = urllib.request.Request(
            self.url + path,
            data=body.encode(),
            headers={"Content-Type": "application/json"},
        )
        with self._opener.open(request) as response:
            answer = json.load(response)
        assert "error" not in answer, answer["error"]["data"]["message"]
        return answer["result"]

    def get(self, path):
        with self._opener.open(self.url + path) as response:
            return response.read()
