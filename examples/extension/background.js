/** Opens the page in a tab: a popup would end, with its model, when it loses the focus. */
chrome.action.onClicked.addListener(() => chrome.tabs.create({ url: chrome.runtime.getURL('page.html') }))
