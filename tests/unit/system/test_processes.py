"""Work on one thread: its digits do not depend on how many a machine has."""

from threadpoolctl import threadpool_info, threadpool_limits

from earnings_themes.system.processes import one_thread


def threads() -> set[int]:
    """Return how many threads the libraries of linear algebra may use now."""
    return {library["num_threads"] for library in threadpool_info()}


def test_a_function_of_one_thread_gives_the_others_back() -> None:
    with threadpool_limits(2):
        assert one_thread(threads)() == {1}
        assert threads() == {2}
