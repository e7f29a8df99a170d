/** What the settings do. */

import * as preferences from "./preferences.js";
import { settingsView } from "./views/settings.js";
import { t } from "./words.js";

/** Make the dialog of the settings; it is loaded when it is first wanted. @param {any} page */
export function settingsOf(page) {
  const view = settingsView(page.languages, {
    rename: (nick) => page.rename(nick),
    theme,
    quit: () => page.quit(),
    enter: (way) => preferences.set("enter", way),
    announce: (level) => preferences.set("announce", level),
    sorting(way) {
      page.model.sorting = way;
      preferences.set("sorting", way);
      page.draw();
    },
    language(language) {
      preferences.set("language", language);
      location.reload();
    },
    async notify(on) {
      const granted = on && (await Notification.requestPermission()) === "granted";
      await page.notifying(granted);
      view.notifying(granted);
      if (on && !granted) view.tell(t("notifyDenied"));
    },
  });
  const show = () =>
    view.open({
      nick: page.model.nick,
      theme: preferences.get("theme", "system"),
      enter: preferences.get("enter", "sends"),
      sorting: preferences.get("sorting", "name"),
      announce: preferences.get("announce", "all"),
      language: preferences.get("language"),
      notify: preferences.get("notify") === "on",
      canNotify: typeof Notification === "function" && isSecureContext,
    });
  return Object.assign(view, { show });
}

/** @param {string} theme */
function theme(theme) {
  preferences.set("theme", theme === "system" ? "" : theme);
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
