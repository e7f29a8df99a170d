"""The languages of the page, in a real browser."""

from tests.labs.web.scene import Open
from tests.support.node_process import NodeProcess
from tests.support.web_person import api


async def test_the_browser_and_the_settings_choose_the_language(
    node: NodeProcess, open_page: Open
) -> None:
    ana = await open_page(node, locale="de-AT")
    await ana.page.get_by_role("textbox", name="Spitzname").fill("ana")
    await ana.page.get_by_role("button", name="Chat betreten").click()
    box = ana.page.get_by_role("textbox", name="Nachricht an #general")
    await box.fill("guten Tag")
    await box.press("Enter")
    await ana.page.get_by_text("✓ aufbewahrt").wait_for()
    await api.expect(ana.page.locator("html")).to_have_attribute("lang", "de")
    # A long name is cut off at its end: what the button does stands before it.
    leave = ana.page.get_by_role("complementary").get_by_role("button", name="#general")
    await api.expect(leave).to_have_text("Verlassen: #general")
    await ana.page.get_by_role("button", name="Einstellungen").click()
    await ana.page.get_by_role("combobox", name="Sprache").select_option("English")
    await ana.page.get_by_text("✓ kept").wait_for()
    await api.expect(ana.page.locator("html")).to_have_attribute("lang", "en")
