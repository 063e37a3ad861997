"""What a search must find, and must not: one table for both databases."""

from typing import NamedTuple


class SearchCase(NamedTuple):
    """A search in a text (used as title and, in another ticket, as description)."""

    text: str
    search: str
    found: bool


SEARCH_CASES = [
    SearchCase("Printer on fire", "printer", True),
    SearchCase("Printer on fire", "PRINTER ON", True),
    SearchCase("Printer on fire", "inter", True),
    SearchCase("Printer on fire", "r o", True),
    SearchCase("Printer on fire", "fire printer", False),
    SearchCase("Printer on fire", "x", False),
    SearchCase("Only 100% of it", "100%", True),
    SearchCase("Only 1000 of it", "100%", False),
    SearchCase("Only 100 percent", "%", False),
    SearchCase("user_name is wrong", "user_name", True),
    SearchCase("username is wrong", "user_name", False),
    SearchCase("userXname is wrong", "user_name", False),
    SearchCase(r"C:\temp is full", r"c:\TEMP", True),
    SearchCase("C:/temp is full", "\\", False),
    SearchCase(r"has a \ inside", "\\ IN", True),
    SearchCase("It's 'quoted' \"twice\"", "'QUOTED' \"", True),
    SearchCase("ÜBER die Brücke", "über", True),
    SearchCase("über die Brücke", "BRÜCKE", True),
    SearchCase("Brücke", "brucke", False),
    SearchCase("resume", "résumé", False),
    SearchCase("Résumé", "RÉSUMÉ", True),
    SearchCase("Straße", "STRASSE", False),
    SearchCase("Straße", "STRAẞE", True),
    SearchCase("ОШИБКА ОПЛАТЫ", "ошибка", True),
    SearchCase("ΟΔΟΣ", "οδος", True),
    SearchCase("οδος", "ΟΔΟΣ", True),
    SearchCase("οδοσ", "οδος", True),
    SearchCase("İstanbul", "istanbul", False),
    SearchCase("İstanbul", "İSTANBUL", True),
    SearchCase("ISTANBUL", "istanbul", True),
    SearchCase("ıstanbul", "istanbul", False),
    SearchCase("273 K (kelvin sign)", "273 k", True),
    SearchCase("5 µm", "5 μM", True),
    SearchCase("congreſs", "CONGRESS", True),
    SearchCase("支付失败了", "失败", True),
    SearchCase("支付失败了", "成功", False),
    SearchCase("🔥 alarm 🔥", "🔥 ALARM", True),
    SearchCase("a  b", "a b", False),
    SearchCase("first\nsecond", "first\nsecond", True),
]
