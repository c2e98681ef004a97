"""Opens the store that a URL names: `sqlite:PATH`, `dynamodb:TABLE`, or `package.module:Class:LOCATION`."""

from earnings_themes.abstractions import ThemeStore
from earnings_themes.errors import ConfigError
from earnings_themes.implementations import STORES, check_installed, store_class

DEFAULT_STORE = "sqlite:results/themes.sqlite"


def open_store(url: str, must_exist: bool = False) -> ThemeStore:
    """Return the store at `url`.

    Raises ConfigError for a URL that names no store or one whose package is missing. must_exist: raise NotFoundError when
    there is nothing to read yet; a table in the cloud is asked by the first query only.
    """
    kind, _, location = url.partition(":")
    if "." in kind:  # the import path of a third party's class has a colon of its own
        name, _, location = location.partition(":")
        kind = f"{kind}:{name}"
    if not location or ("." not in kind and kind not in STORES):
        expected = ", ".join(f"{name}:{'PATH' if name == 'sqlite' else 'TABLE'}" for name in sorted(STORES))
        raise ConfigError(f"{url!r} does not name a store. Expected {expected}, as in {DEFAULT_STORE}.")
    check_installed(kind, url)
    store = store_class(kind)(location)  # type: ignore[call-arg]  # every store is made as Store(location)
    if must_exist:
        store.check()
    return store
