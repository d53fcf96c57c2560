"""English words that are written alike and spoken differently, told apart by the words around them.

Most are a noun or adjective and a verb. A determiner before the word shows a noun; "to", a modal
verb or a pronoun a verb, and so does an object behind a word that begins its clause. The rest have
a table of their own. Context is lower case, one blank between words, cut at punctuation.
"""

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

from cosyvoice_lite.text.phonemes.en_pairs import PAIRS, PLURALS, VERB_FIRST


class _Case(NamedTuple):
    phones: str
    before: str = ""
    after: str = ""


_MODALS = "to|will|would|can|could|shall|should|may|might|must|cannot|do|does|did|let's|please|(?!ha|is|are|was|were)[a-z]+n't|[a-z]+'ll"
_SUBJECTS = "i|you|we|they|(?:i|you|he|she|it|we|they)'d"
_ADVERBS = "(?: (?:not|never|also|always|often|usually|only|just|really|still|even|ever|then|now|first|better|[a-z]{2,12}ly)){0,2}"
_DETERMINERS = "a|an|the|this|these|those|my|your|his|her|its|our|their|no|any|every|each|another|of|in|for|with|from|whose|[a-z]+'s"
_OBJECTS = "the|a|an|my|your|his|her|its|our|their|it|them|him|me|us"
_NOUN_BEFORE = re.compile(rf"(?:^| )(?:{_DETERMINERS})(?: [a-z]+ly)?$")
_ASKED = re.compile(rf"(?:^| )(?:am|are|was|were|aren't|weren't) (?:i|you|we|they){_ADVERBS}$")
_VERB_BEFORE = re.compile(
    rf"(?:^| )(?:(?:{_MODALS}|{_SUBJECTS}){_ADVERBS}|(?:{_MODALS}) [a-z]+ and|helps?|helped"
    r"|(?:let|lets|help|helps|make|makes|made|have) (?:me|us|him|her|them|it|you|people))$"
)
_VERB_IN_S = frozenset("use refuse produce combine convert resume construct".split())
_SINGULAR_BEFORE = re.compile(rf"(?:^| )(?:he|she|it|who){_ADVERBS}$")
_BEGINS = re.compile(r"(?:^|(?:^| )(?:and|or|then|please|just|simply))$")
_OBJECT_AFTER = re.compile(rf"(?:{_OBJECTS}|this|these|those|that|all|both|each|every)(?: |$)")
_THINGS_BEFORE = re.compile(
    r"(?:^| )(?!(?:is|was|this|has|its|as|us|does|his|always|perhaps|across|less|plus|versus|thus|yes)$)[a-z]{2,}[^s'\W]s$"
)
_THINGS_DO = re.compile(rf"(?:{_OBJECTS}|by|[a-z]{{3,}}ly)(?: |$)")
_OBJECT = re.compile(rf"(?:{_OBJECTS})(?: |$)")
_PERSON = re.compile(r"(?:it|them|him|me|us)(?: |$)")
_NOUN_AFTER = {  # word: what follows it where it is a noun even behind "to"
    "record": "highs?|lows?|levels?|numbers?|profits?|sales|labels?|compan(?:y|ies)|heat|temperatures?|rainfall|crowds?",
    "present": "day|value|times?", "use": "cases?", "discount": "rates?|stores?|codes?", "export": "dut(?:y|ies)|tariffs?|controls?|markets?",
    "import": "dut(?:y|ies)|tariffs?|tax(?:es)?|controls?|prices?", "transport": "costs?|links?|networks?|ministers?|systems?", "transfer": "fees?|students?|speeds?",
}  # fmt: skip
_NOUN_BY_WORD = {  # word: what stands before it where it is a noun
    "use": "drug|fair|land|energy|water|internet|phone|alcohol|tobacco|common|everyday|personal|home|commercial|public|daily|multiple|"
    "single|heavy|regular|good|better|best|widespread|further|future|own|first|much|little|make|makes|made|limited|what|that's",
    "uses": "many|several|other|various|common|two|three|different|new|possible|such|more|all|medical|industrial",
    "produce": "fresh|local|organic|farm|grow|buy|sell", "refuse": "household|garden",
    "present": r"(?:from|past)(?: [a-z-]+){0,3} to", "resume": "updated|send|professional|good",
    "extracts": "plant|herbal|of", "constructs": "social",
}  # fmt: skip

_OBJECTIVE = "to|will|can|must|would|could|should|may|might|i|you|we|they|don't|didn't|won't|can't"
_BE = "be|is|are|was|were|been|being|am|i'm|you're|we're|they're|it's|isn't|aren't|wasn't"
_HAVE = "have|has|had|having|[a-z]+'ve|haven't|hasn't|hadn't"
_PAST = r"(?:[a-z'-]+ ){0,8}(?:yesterday|ago|last (?:night|week|month|year|summer|winter|spring|fall|[a-z]+day))"
_LIVE_THINGS = (
    "music|bands?|performances?|shows?|concerts?|streams?|streaming|streamed|broadcasts?|tv|television|audiences?|chats?|events?|coverage|"
    "videos?|feeds?|wires?|animals|data|demos?|sessions?|sports|updates?|recordings?|albums?|games?|blogs?|bait|ammunition|from|online"
)
_PERSON_IS = "i'm|i am|i was|i've been|we're|we are|we were|we've been|you're|you are|you were|you've been|he's|she's"
_ACCUSTOMED_TO = (  # what nothing is used for: a thing or a doing, but for "to this day" and "to the full"
    r"(?:the|its|their|his|her|your|our|my)(?! (?:full|fullest|max|maximum|best|greatest|utmost|extent|end|present|advantage|benefit|detriment)\b)|"
    r"(?:this|that|these|those)(?! (?:day|ends?|extent|effect|purpose|degree)\b)|an?(?! (?:[a-z]+ )?(?:extent|degree|advantage)\b)|"
    r"it|him|them|us|me|you|(?:be|do|go|ly|dy|ty)ing|(?!(?:sp|st)ring)[a-z]{3,}ing"
)
_CONTEXTS: dict[str, tuple[_Case, ...]] = {  # the first row that holds; one without context always
    "read": (
        _Case("R IY1 D", rf"(?:{_MODALS}){_ADVERBS}|(?:do|does|did|can|could|will|would|should|may|must|let|help) (?!have|has|had)[a-z']+{_ADVERBS}"),
        _Case("R IY1 D", "a|good|great|quick|easy|long|nice|interesting|worth|^never"),
        _Case("R EH1 D", rf"(?:{_HAVE})(?: [a-z']+){{0,2}}|{_BE}|gets?|got|well|widely|[a-z']+ never"),
        _Case("R EH1 D", rf"(?:he|she|it|sign|letter|note|message|headline|banner|caption){_ADVERBS}"),
        _Case("R EH1 D", "", _PAST),
        _Case("R IY1 D"),
    ),
    "live": (
        _Case("L AY1 V", "", _LIVE_THINGS),
        _Case("L AY1 V", f"a|the|this|that|our|your|my|his|her|its|with|on|go|goes|going|went|gone|broadcast|broadcasting|stream|streamed|streaming|air|aired|airing|performed|watch|seen|recorded|reporting|{_BE}"),
        _Case("L AY1 V", "(?:watch|saw|see|heard|hear|play|played|shown|perform|performing) (?:it|them|him|her)"),
        _Case("L AY1 V", "(?:is|are|was|were) (?:(?:the|this|that|our|your|my) [a-z]+|it|this|that)"),
        _Case("L IH1 V"),
    ),
    "lives": (
        _Case("L IH1 V Z", "he|she|it|who|one|someone|everyone|nobody|everybody"),
        _Case("L AY1 V Z", "our|their|your|my|his|her|the|of|human|people's|many|more|saved?|saves|saving|lost|lose|losing|claimed|cost|risk|risked|risking|daily|everyday|own|and|both|other|past|private|new|nine|two|three|several|thousand|innocent|ruin|ruined|change|changed|changes|changing"),
        _Case("L IH1 V Z"),
    ),
    "lead": (
        _Case("L EH1 D", "", "poisoning|paints?|pipes?|pencils?|acid|batter(?:y|ies)|levels|exposure|solder|shot|bullets?|free"),
        _Case("L EH1 D", "of|made of|contains?|containing|molten|mercury and|copper and"),
        _Case("L IY1 D"),
    ),
    "close": (
        _Case("K L OW1 S", "", "friends?|friendships?|calls?|relationships?|ties|look|attention|range|contact|proximity|enough|together|famil(?:y|ies)|relatives?|races?|games?|match|second|eye|watch|quarters|fit|finish|all(?:y|ies)|behind|knit|ups?"),
        _Case("K L OW1 Z", rf"(?:{_OBJECTIVE}){_ADVERBS}|about to"),
        _Case("K L OW1 S", f"very|so|too|really|pretty|fairly|quite|how|as|that|this|comes?|came|coming|gets?|got|getting|stay|stays|stayed|keep|kept|sit|stand|stood|hold|held|near|a|{_BE}"),
        _Case("K L OW1 S", "", "to|by"),
        _Case("K L OW1 Z"),
    ),
    "used": (
        _Case("Y UW1 S T", rf"get|gets|getting|got|gotten|(?:{_PERSON_IS}){_ADVERBS}", "to"),
        _Case("Y UW1 S T", "", rf"to (?:{_ACCUSTOMED_TO})"),
        _Case("Y UW1 Z D", rf"(?:{_BE})(?: (?:also|still|now|only|always|sometimes|[a-z]{{3,}}ly)){{0,2}}|often|mostly|commonly|mainly", "to"),
        _Case("Y UW1 S T", "", "to"),
        _Case("Y UW1 Z D"),
    ),
    "des": (_Case("D AH0", "", "moines"),),
    "moines": (_Case("M OY1 N", "des"),),
    "wind": (
        _Case("W IH1 N D", "", "power|energy|turbines?|farms?|speeds?|chill|gusts?"),
        _Case("W AY1 N D", _OBJECTIVE),
        _Case("W IH1 N D", "the|a|this|strong|cold|high|no|of"),
        _Case("W AY1 N D", "", "up|down|through|around|the|it"),
        _Case("W IH1 N D"),
    ),
    "tear": (
        _Case("T IH1 R", "", "gas"),
        _Case("T EH1 R", f"wear and|{_OBJECTIVE}"),
        _Case("T EH1 R", "", "up|down|apart|off|out|open|the|it"),
        _Case("T IH1 R"),
    ),
    "bass": (
        _Case("B AE1 S", "sea|striped|largemouth|caught (?:a|some)"),
        _Case("B AE1 S", "", "fishing|pond|boat"),
        _Case("B EY1 S"),
    ),
    "dove": (_Case("D OW1 V", "he|she|they|i|we|it|then|and"), _Case("D AH1 V", "", "")),
    "minute": (
        _Case("M AY0 N UW1 T", "very|so|how"),
        _Case("M AY0 N UW1 T", "", "details?|amounts?|quantit(?:y|ies)|particles?|traces?"),
        _Case("M IH1 N AH0 T"),
    ),
    "content": (
        _Case("K AH0 N T EH1 N T", f"{_BE}|feel|feels|felt|seem|seems|perfectly", "with|to|just|and"),
        _Case("K AH0 N T EH1 N T", "feel|felt|seems?|perfectly|was|were|i'm|am"),
        _Case("K AA1 N T EH0 N T"),
    ),
    "wound": (
        _Case("W AW1 N D", "he|she|they|it|i|we|clock|be|been|tightly|road|river|path|spring"),
        _Case("W AW1 N D", "", "up|down|around|through"),
        _Case("W UW1 N D"),
    ),
    "bow": (
        _Case("B AW1", "(?:take|takes|took|taking|taken) (?:a|his|her|their|my|your|a final)"),
        _Case("B OW1", "", "ties?|and|hunting"),
        _Case("B OW1", "violin|cross|long|red|pink|ribbon|a|with a"),
        _Case("B AW1"),
    ),
}  # fmt: skip


Context = Callable[[], str]


def heteronym(word: str, words_before: Context, words_after: Context) -> str | None:
    """The phones of a word that has several readings; None for any other."""
    base = word if word in PAIRS or word in _CONTEXTS else PLURALS.get(word)
    if base is None:
        return None
    before, after = words_before(), words_after()
    if word in _CONTEXTS:
        return _by_table(word, before, after)
    verb = _is_verb(word, base, before, after)
    phones = PAIRS[base].verb if verb else PAIRS[base].noun
    return phones if word == base else f"{phones} {_plural_ending(phones)}"


def _plural_ending(phones: str) -> str:
    last = phones.split()[-1]
    if last in ("S", "Z"):
        return "AH0 Z"
    return "S" if last in ("P", "T", "K", "F") else "Z"


def _by_table(word: str, before: str, after: str) -> str | None:
    for (phones, _, _), left, right in _compiled(word):
        if (left is None or left.search(before)) and (right is None or right.match(after)):
            return phones
    return None


@functools.cache
def _compiled(word: str) -> list[tuple[_Case, re.Pattern[str] | None, re.Pattern[str] | None]]:
    return [
        (
            case,
            re.compile(rf"(?:^| )(?:{case.before})$") if case.before else None,
            re.compile(rf"(?:{case.after})(?: |$)") if case.after else None,
        )
        for case in _CONTEXTS[word]
    ]


def _is_verb(word: str, base: str, before: str, after: str) -> bool:
    if _is_noun_by_neighbours(word, before, after):
        return False
    if word != base:
        shown = bool(_SINGULAR_BEFORE.search(before) or _OBJECT.match(after))
        return (shown and not _NOUN_BEFORE.search(before)) or base in _VERB_IN_S
    if _VERB_BEFORE.search(before):
        return not _ASKED.search(before)
    if _NOUN_BEFORE.search(before):
        return False
    begins = _BEGINS.search(before) and _OBJECT_AFTER.match(after)
    do = _THINGS_BEFORE.search(before) and _THINGS_DO.match(after)
    return bool(begins or do or _PERSON.match(after)) or base in VERB_FIRST


def _is_noun_by_neighbours(word: str, before: str, after: str) -> bool:
    if after == "of" or after.startswith("of "):
        return True
    before_noun, after_noun = _NOUN_BY_WORD.get(word, ""), _NOUN_AFTER.get(word, "")
    if before_noun and re.search(rf"(?:^| )(?:{before_noun})$", before):
        return True
    return bool(after_noun and re.match(rf"(?:{after_noun})(?: |$)", after)) and (
        word != "use" or not before.endswith(("to", "will", "can", "we", "you", "they"))
    )
