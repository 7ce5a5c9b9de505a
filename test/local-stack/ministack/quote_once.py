"""Has ministack percent-encode each policy once, and not in every answer that lists those of all roles.

Such an answer is asked for once a second, while functions ask for anything. With a policy for each secret that was made, to encode
them took a quarter of ministack's time.
"""

from functools import lru_cache

from ministack.services import iam


def quote_once() -> None:
    iam._url_quote = lru_cache(maxsize=10_000)(iam._url_quote)
