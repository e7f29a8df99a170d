"""Which system tests also run over WebSocket: one of each file, or all but those named here."""

from inspect import iscoroutinefunction
from types import ModuleType

_REFUSED = "a client over a limit gets 503: tests/integration/net/test_web_conversation.py"
_OTHERS = "it says nothing as a client"
_HEADERS = "a PROXY header before a request: tests/integration/net/test_web_proxies.py"

NOT_FILES = {
    "test_login_log": "its node listens at more addresses than are read of its output",
    "test_operation": _OTHERS,
    "test_ready": _OTHERS,
    "test_rolling": "its clients are those of tests/labs/faults, over TCP",
    "test_screen": "the terminal client speaks TCP",
    "test_versions": "the last release may have no web port",
    "test_websocket": "its clients speak WebSocket already",
}
"""Files none of whose tests run over WebSocket, and why."""
NOT_TESTS = {
    "test_a_header_may_come_in_pieces_or_not_at_all": _HEADERS,
    "test_without_the_flag_a_header_is_no_protocol": _HEADERS,
    "test_one_client_more_than_the_node_takes_is_turned_away": _REFUSED,
    "test_an_address_has_so_many_connections_unless_it_is_exempt": _REFUSED,
    "test_a_node_without_descriptors_serves_whom_it_has_and_takes_others_later": _REFUSED,
    "test_a_full_node_takes_no_newcomers_but_goes_on_with_sessions": _REFUSED,
    "test_a_node_whose_broker_has_a_name_that_nobody_answers_for_ends_in_time": _OTHERS,
    "test_a_node_that_looks_up_where_to_listen_ends_when_it_is_told_to": _OTHERS,
    "test_a_file_that_became_a_pipe_holds_up_nothing": _OTHERS,
    "test_all_that_the_scripts_call_is_allowed_and_no_more": _OTHERS,
    "test_a_ban_that_is_set_again_keeps_its_reason_unless_another_is_given": _OTHERS,
    "test_without_a_connection_over_tls_a_moderator_is_told_what_may_be_wrong": _OTHERS,
    "test_each_new_reason_why_redis_does_not_serve_is_told_once": _OTHERS,
    "test_a_connection_over_tls_is_closed_though_redis_hangs": _OTHERS,
    "test_a_node_without_the_right_to_ask_for_the_slots_says_so": _OTHERS,
}
"""Single tests that do not run over WebSocket, and why."""


def is_chosen(module: ModuleType, name: str, all_of_them: bool) -> bool:
    """Say whether a test runs over WebSocket: the first of its file that may, or all that may."""
    if module.__name__.rpartition(".")[2] in NOT_FILES:
        return False
    names = [each for each, what in vars(module).items() if _may(each, what)]
    return name in names if all_of_them else name in names[:1]


def _may(name: str, what: object) -> bool:
    return name.startswith("test_") and iscoroutinefunction(what) and name not in NOT_TESTS
