"""The host: find an Odoo 19.0, or fetch Debian's package, check and unpack it.

Debian carries Odoo 19 as a package of its suite "sid" only. Installing it from
there would pull in sid's Python, so it is downloaded through a private apt state
(signatures are still checked with the installed keyring) and unpacked into the
user's cache folder. The address comes from the machine's own apt set-up; where that
names no Debian archive (Ubuntu), it is Debian's own, checked with Debian's keys.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shutil
import tempfile

from .console import Progress, warn
from .errors import SetupError
from .locks import locked
from .settings import check_space
from .shell import last_words, need, run, run_shown, which

SERIES = (19, 0)
PACKAGE = "odoo-19"
KNOWN_VERSION = "19.0.0+dfsg-1"
KNOWN_SHA256 = "9d2f598b0555db17e291d48ed24df184c70823c053c4c5ed53c467ca7f629bbf"
# Files that the package links to, by release. Debian 12 has no Montserrat, and
# sid's Font Awesome has other file names than the host expects.
COMPANIONS_SID = ("fonts-montserrat",)
COMPANIONS_OWN = (
    "fonts-font-awesome",
    "fonts-glyphicons-halflings",
    "fonts-inconsolata",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
# Debian leaves this file out (background blur of video calls), but the asset
# bundle lists it; an empty one keeps every page free of console errors.
LEFT_OUT = "addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
PYTHON_FOLDER = "usr/lib/python3/dist-packages"
# Where apt names no Debian archive (Ubuntu), Debian's own has it all.
ARCHIVE = ("http://deb.debian.org/debian", "bookworm")
KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.pgp",
    "/usr/share/keyrings/debian-archive-keyring.gpg",
)
HAND_OVER = (
    "or set CRM_SUITE_ODOO to an Odoo 19.0 that you have (a source checkout, an"
    " unpacked package or a .deb file)"
)


@dataclasses.dataclass(frozen=True)
class Host:
    """An Odoo that can be used: where to import it from, and which one it is."""

    python_root: pathlib.Path
    version: str

    @property
    def addons_path(self):
        """Folders with the host's addons; a source checkout has two."""
        inside = self.python_root / "odoo" / "addons"
        if (inside / "web" / "__manifest__.py").exists():
            # Debian's package links "addons" to this folder.
            return [inside]
        return [self.python_root / "addons", inside]


def ensure_host(settings):
    """Return the host to use: the one named, the one unpacked, or a fresh one."""
    if settings.odoo:
        given = pathlib.Path(settings.odoo).expanduser().absolute()
        if given.is_file():
            return _from_package(settings, given)
        return _from_tree(given)
    remembered = settings.state / "host.json"
    found = _remembered(remembered)
    if not found:
        with locked(settings.cache / "host.lock", "fetching Odoo"):
            found = _in_cache(settings) or _fetch(settings)
        remembered.write_text(json.dumps({"python_root": str(found.python_root)}))
    return found


def _remembered(path):
    try:
        root = pathlib.Path(json.loads(path.read_text())["python_root"])
        return _from_tree(root)
    except (OSError, ValueError, KeyError, SetupError):
        # Moved or emptied cache: look again from the start.
        return None


def _from_tree(folder):
    """Use an existing tree, given by its root or by the root of a package."""
    for root in (folder, folder / PYTHON_FOLDER, folder.parent):
        if (root / "odoo" / "release.py").is_file():
            break
    else:
        raise SetupError(
            f"There is no Odoo in {folder} (no odoo/release.py); set CRM_SUITE_ODOO"
            " to the folder that holds the package “odoo”, or unset it to have Odoo"
            " downloaded."
        )
    release = (root / "odoo" / "release.py").read_text()
    series = re.search(r"^version_info\s*=\s*\((\d+),\s*(\d+)", release, re.M)
    series = tuple(map(int, series.groups())) if series else ()
    if series != SERIES:
        name = ".".join(map(str, series)) or "of an unknown version"
        raise SetupError(
            f"The Odoo in {root} is {name} and the suite needs 19.0; set"
            " CRM_SUITE_ODOO to an Odoo 19.0, or unset it to have one downloaded."
        )
    return Host(root.resolve(), _tree_version(root))


def _tree_version(root):
    """Stands for the files of the host in the names of templates."""
    # A package is named after its version and checksum by _unpack.
    for parent in root.parents:
        if re.match(r"19\.0\S*-[0-9a-f]{8}$", parent.name):
            return parent.name
    # Another tree is known by where it is and by its revision, if it has one.
    revision = (
        run(["git", "-C", root, "rev-parse", "HEAD"]).stdout if which("git") else ""
    )
    return "19.0-" + hashlib.sha256(f"{root} {revision}".encode()).hexdigest()[:8]


def _in_cache(settings):
    wanted = f"{KNOWN_VERSION}-{KNOWN_SHA256[:8]}"
    folders = sorted((settings.cache / "host").glob("19.0*-????????"), reverse=True)
    folders.sort(key=lambda folder: folder.name != wanted)
    return _from_tree(folders[0]) if folders else None


def _from_package(settings, package):
    """Unpack a .deb file that the user has; its companions may lie beside it."""
    digest = _sha256(package)
    folder = f"{_package_version(package)}-{digest[:8]}"
    target = settings.cache / "host" / folder
    with locked(settings.cache / "host.lock", "unpacking Odoo"):
        if target.is_dir():
            return _from_tree(target)
        check_space(settings.state, settings.cache)
        companions = [*COMPANIONS_OWN, *COMPANIONS_SID]
        beside = {name: _newest(package.parent, name) for name in companions}
        absent = [name for name, path in beside.items() if not path]
        with _workshop(settings) as workshop:
            if absent:
                try:
                    _download(workshop, absent)
                except SetupError as error:
                    raise SetupError(
                        f"Odoo's package needs files of {' '.join(absent)}: put"
                        f" these packages beside {package}, or connect to the"
                        f" network, and start again. {error}"
                    ) from error
                beside.update({name: _newest(workshop, name) for name in absent})
            _unpack(workshop, [package, *beside.values()], target)
    return _from_tree(target)


def _newest(folder, name):
    return max(folder.glob(f"{name}_*.deb"), default=None)


def _fetch(settings):
    check_space(settings.state, settings.cache)
    with _workshop(settings) as workshop:
        _download(workshop, [PACKAGE, *COMPANIONS_SID, *COMPANIONS_OWN])
        names = [PACKAGE, *COMPANIONS_SID, *COMPANIONS_OWN]
        packages = [_newest(workshop, name) for name in names]
        version, digest = _verify(packages[0])
        target = settings.cache / "host" / f"{version}-{digest[:8]}"
        _unpack(workshop, packages, target)
    return _from_tree(target)


def _workshop(settings):
    """A folder for half-made things; whatever happens, it is gone afterwards."""
    folder = settings.cache / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob("host-*"):
        # Only one process at a time is here (host.lock): this one was killed.
        shutil.rmtree(leftover, ignore_errors=True)
    return _Workshop(prefix="host-", dir=folder)


class _Workshop(tempfile.TemporaryDirectory):
    def __enter__(self):
        return pathlib.Path(super().__enter__())


def _verify(package):
    version = _package_version(package)
    digest = _sha256(package)
    if version == KNOWN_VERSION and digest != KNOWN_SHA256:
        raise SetupError(
            f"The downloaded package {PACKAGE} {version} is not the one that the"
            f" suite was made with (SHA-256 {digest} instead of {KNOWN_SHA256}):"
            f" try again on another network, {HAND_OVER}."
        )
    if not version.startswith("19.0"):
        raise SetupError(f"Debian's {PACKAGE} is now {version}: {HAND_OVER[3:]}.")
    if version != KNOWN_VERSION:
        warn(
            f"Odoo {version} is newer than the {KNOWN_VERSION} that the suite was"
            " tested with; its signature is right, going on with it."
        )
    return version, digest


def _package_version(package):
    sentence = f"{package} is not a Debian package of Odoo; give another file."
    name, version = need(
        ["dpkg-deb", "-W", "--showformat=${Package} ${Version}", package], sentence
    ).split()
    if not name.startswith("odoo"):
        raise SetupError(sentence)
    if not version.startswith("19.0"):
        raise SetupError(
            f"{package} holds Odoo {version} and the suite needs 19.0; set"
            " CRM_SUITE_ODOO to an Odoo 19.0, or unset it to have one downloaded."
        )
    return version


def _sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(1024 * 1024):
            digest.update(block)
    return digest.hexdigest()


def _unpack(workshop, packages, target):
    """Unpack beside the target, check, and put in place with one rename."""
    prefix = workshop / "prefix"
    with Progress("Unpacking Odoo") as progress:
        for package in packages:
            progress.update(package.name)
            need(
                ["dpkg-deb", "-x", package, prefix],
                f"{package} cannot be unpacked: fetch it again, and check the free"
                " space.",
            )
    left_out = prefix / PYTHON_FOLDER / "odoo" / LEFT_OUT
    left_out.parent.mkdir(parents=True, exist_ok=True)
    left_out.touch()
    broken = [p for p in prefix.rglob("*") if p.is_symlink() and not p.exists()]
    if broken:
        warn(
            f"{len(broken)} links of Odoo's package point nowhere, the first is"
            f" {broken[0].relative_to(prefix)}; a page may miss a font."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(prefix, target)


def _download(workshop, names):
    """Download packages through a private apt state into `workshop`."""
    if not which("apt-get"):
        raise SetupError(
            "Odoo can only be downloaded on a system with apt (Debian, Ubuntu):"
            f" use one, {HAND_OVER}."
        )
    base, codename = _debian_source()
    trusted = keyring()
    option = f" [signed-by={trusted}]" if trusted else ""
    suites = dict.fromkeys(["sid", codename])
    apt = workshop / "apt"
    (apt / "lists" / "partial").mkdir(parents=True)
    (apt / "cache" / "archives" / "partial").mkdir(parents=True)
    (apt / "sources.list").write_text(
        "".join(f"deb{option} {base} {suite} main\n" for suite in suites)
    )
    options = {
        "Dir::State::Lists": apt / "lists",
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::Cache": apt / "cache",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    command = ["apt-get", "-q"]
    for name, value in options.items():
        command += ["-o", f"{name}={value}"]
    with Progress("Reading Debian's package lists") as progress:
        update = [*command, "-o", "APT::Update::Error-Mode=any", "update"]
        result = run_shown(update, progress)
    if result.returncode:
        raise SetupError(
            "Debian's package lists cannot be fetched: check the network,"
            f" {HAND_OVER}. ({last_words(result.stdout, 1)})"
        )
    sid = (PACKAGE, *COMPANIONS_SID)
    wanted = [f"{name}/{'sid' if name in sid else codename}" for name in names]
    with Progress(f"Downloading {_those(names)}") as progress:
        uris = run([*command, "--print-uris", "download", *wanted], cwd=workshop)
        size = _size(uris.stdout)
        progress.update(lambda: _so_far(workshop, size))
        result = run([*command, "download", *wanted], cwd=workshop)
    if result.returncode or not all(_newest(workshop, name) for name in names):
        raise SetupError(
            "Odoo's packages cannot be downloaded: check the network and the free"
            f" space, {HAND_OVER}. ({last_words(result.stdout, 1)})"
        )


def keyring():
    """The keys by which Debian's archive is known, if they are installed."""
    return next((k for k in KEYRINGS if pathlib.Path(k).exists()), None)


def _those(names):
    """What is downloaded, in a few words."""
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _size(uris):
    """Bytes of what apt names in lines of address, file, size and checksum."""
    return sum(int(size) for size in re.findall(r"^'\S+' \S+ (\d+)", uris, re.M))


def _so_far(workshop, size):
    """How much has arrived, whole or in part."""
    lists = workshop / "apt" / "lists"
    done = 0
    for path in workshop.rglob("*"):
        # apt moves its files while we look.
        with contextlib.suppress(OSError):
            if path.is_file() and not path.is_relative_to(lists):
                done += path.stat().st_size
    of_all = f" of {size / 1e6:.0f} MB, {100 * done // size} %" if size else " MB"
    return f"{done / 1e6:.0f}{of_all}"


def _debian_source():
    """Base address and release of the machine's Debian archive, or of Debian's own."""
    form = "$(ORIGIN)|$(REPO_URI)|$(CODENAME)|$(CREATED_BY)"
    output = run(["apt-get", "indextargets", "--format", form]).stdout
    found = []
    for line in output.splitlines():
        origin, _sep, rest = line.partition("|")
        uri, codename, kind = (rest.split("|") + ["", ""])[:3]
        plain = codename and "-" not in codename
        if kind == "Packages" and plain and origin in ("Debian", ""):
            found.append((uri.rstrip("/"), codename))
    if not found:
        return ARCHIVE
    # Before the first "apt-get update" the origins are unknown, then the name helps.
    found.sort(key=lambda source: not source[0].endswith("/debian"))
    return found[0]
