"""A browser in words, from the User-Agent that it sends: enough to recognise one's own."""

BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "Windows": "Windows",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}
"""Words by a part of the User-Agent. The first that matches counts: Edge also claims to be Chrome,
Chrome claims to be Safari, and an iPhone claims to be a Mac."""


def browser_words(user_agent: str) -> str:
    """Returns such words as "Firefox on Windows"."""
    browser = next((word for part, word in BROWSERS.items() if part in user_agent), "")
    system = next((word for part, word in SYSTEMS.items() if part in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "An unknown browser"
