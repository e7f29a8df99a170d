"""Python names keys and channels as the scripts do: nodes of all versions share them."""

from node.brokers import keys, scripts


def test_the_keys_of_a_log_are_those_of_the_scripts() -> None:
    names = ("hash", "stream", "moved", "members", "seats", "gone", "never")
    found = keys.of_log("r:tea", names)
    assert found[:2] == ["chat:{r:tea}", "chat:{r:tea}:log"]
    assert found[2:] == [f"chat:{{r:tea}}:{name}" for name in names[2:]]
    head = scripts.part("head")
    assert "return 'chat:{' .. log .. '}'" in head
    assert "return 'chat:{r:' .. room .. '}:live'" in head
    assert "K is chat:{r:ROOM} for the log\n-- of a room, chat:{c}:i:SID for the inbox" in head
    for key in [key.replace("chat:{r:tea}", "K") for key in found[:-1]]:
        assert f"--   {key} " in head, key
    assert found[-1] == "chat:{r:tea}:never" and "--   chat:{TAG}:never " in head


def test_the_keys_of_an_inbox_are_among_those_of_sessions() -> None:
    found = keys.of_log("i:s1", ("hash", "stream", "never"))
    assert found == ["chat:{c}:i:s1", "chat:{c}:i:s1:log", "chat:{c}:never"]
    assert "return 'chat:{c}:' .. log" in scripts.part("head")


def test_the_keys_of_sessions_and_nodes_are_those_of_the_scripts() -> None:
    head = scripts.part("head")
    for key in (
        *(keys.FORMAT, keys.CLOCK, keys.NODES, keys.NICKS, keys.GRACE, keys.BIRTHS, keys.RULES),
        *(keys.session_key("SID"), keys.session_rooms_key("SID"), keys.facts_key("INC")),
    ):
        assert f"--   {key} " in head, key


def test_the_channel_of_a_log_tells_which_log_it_is() -> None:
    channel = keys.log_channel("r:tea")
    assert channel == b"chat:{r:tea}:live"
    assert keys.log_of_channel(channel) == "r:tea"


def test_the_channel_of_a_node_is_that_of_no_log() -> None:
    channel = keys.node_channel("inc1")
    assert channel == b"chat:{c}:node:inc1"
    assert keys.log_of_channel(channel) is None
