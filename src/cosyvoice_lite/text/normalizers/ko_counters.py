"""Korean counting words: native numerals (하나 둘 셋) before most, Sino-Korean before numbers of things.

번 쪽 대 집 장 판 세트 count (세 번) or number (삼번 출구): what stands beside them tells.
"""

import re

from cosyvoice_lite.text.normalizers.numerals import KO, korean_native
from cosyvoice_lite.text.normalizers.rules import near

NATIVE = (  # Standard Korean Dictionary, 단위 명사
    "개(?!월|국|년|소)|명|살|시간|시(?!즌|리즈)|마리|권|잔|병|대(?!로|학|의원|비)|장(?!관|소)|그루|켤레|벌|송이|채|척|가지|번(?:째)?(?!지|호|길|출구|버스)|사람|달(?!러)|군데|쪽(?!지)|줄|끼|통|자루|다발|판(?!사)|꼬집|모금|걸음|바퀴|그릇|접시|조각|봉지|상자|팀|배(?!럴)|돌|분(?=이 |의 손|께|만 )|가닥|종류|곡(?![물식절선예명창면괭류조성])|칸(?![막나쿤타트])|묶음|토막|방울|곳|골|집|차례"
    "|큰술|작은술|숟가락|숟갈|스푼|컵(?!라|스)|공기(?![업관청계질압])|근(?![무로거육본접년대처사])|모(?![델음두습듬스녀든집])|캔(?!버|디|자)|팩(?!트|스)|박스(?![권오])|세트|줌(?![인아바마])|알(?![파람루고려아코림])|포기(?![하해했할한])|꼬치|톨|켤레|쌍|뼘|모둠|뭉치|움큼"
)  # fmt: skip
RANGE = r"\s*[-–—~～∼]\s*"
_PAIRS = {"1": "한두", "2": "두세", "3": "서너", "4": "네댓", "5": "대여섯"}  # 한두 명, 두세 개
_MOST_OF_NUMBER = 20  # from 21 on, 번 and 쪽 number
_HOURS_COUNTED = 23

_TIMES_BEFORE = re.compile(
    r"(?:기회|횟수|하루에?|일주일에?|한 달에|총|모두|단|딱|겨우|벌써|매일|무려)[은는이가로를]? ?$"
)
_NUMBER_BEFORE = re.compile(
    r"(?:정답|답|등번호|번호|문제|문항|보기|선택지|채널|노선|타자|홈|반|트랙|국도)[은는이가을를]?:? ?$"
)
_VEHICLE_BEFORE = re.compile(
    r"(?:버스|차|트럭|택시|컴퓨터|기계|카메라|드론|헬기|탱크|로봇|노트북|PC|폰|자전거|오토바이|피아노|에어컨|냉장고|TV|티비|텔레비전|서버|장비|모니터|프린터|승용차|전동차|제품|총|약|각각|차량)[은는이가을를도만]? ?$"
)
_SHEETS_BEFORE = re.compile(
    r"(?:종이|사진|표|티켓|카드|이불|벽돌|우표|그림|옷|김|지폐|권|CD|셔츠|총|모두|약|단) ?$"
)
_WORK_BEFORE = re.compile(
    r"(?:영화|소설|논문|드라마|광고)[은는이가를을도만]? ?(?:총 |모두 |단 |약 |무려 )?$"
)
_TITLES = "강|양(?!파)|째|과제|대통령|총리|국회|회장|총장|사장|교황|원칙|요소|불가사의|도시|기업|왕|임금|분야|뉴스|재벌|그룹|은행|영양소|성인병|의혹|악|범죄|사업|전략|정책|의무|지침|핵심|주주|천왕|조건|문명|거장|성지|명산|축제|리그|영화제|종교|개혁|시장|산업|이슈|관광지|대회"
_AS_NUMBER = {  # what follows a counter that numbers a thing
    "번": re.compile(
        r" ?(?:버스|출구|홈|문제|문항|국도|타자|버튼|게이트|트랙|선수|채널|레인|좌석|자리|창구|환자|후보|플랫폼|승강장|항목|메뉴|보기)"
        r"|(?:입니다|이다|이에요|예요|이야|인|부터|까지|으로)|[이은을] ?(?:정답|답|맞|틀|왔|와|고르|골라|누르|눌러|선택)"
    ),
    "쪽": re.compile(r"(?:에|부터|까지|을 (?:펴|보|읽|참|펼))"),
    "대": re.compile(rf" ?(?:{_TITLES})"),
    "집": re.compile(r" ?(?:앨범|음반|타이틀|활동|발매|수록|정규|가수|으로 (?:컴백|돌아))"),
    "장": re.compile(r"(?:에|의|부터|까지)| \d+[절조]"),
    "판": re.compile(r" ?(?:인쇄|발행|개정)"),
    "세트": re.compile(r"(?:에서|에만|부터)| (?:초반|중반|막판|경기|스코어)|를 (?:따|내|잡|이|가져|빼앗)"),
}  # fmt: skip
_COPULA = re.compile("번(?:입니다|이다|이에요|이야|예요|인|까지)")


def is_number(match: re.Match[str], number: int) -> bool:
    """Whether the counter behind the numeral of a match numbers a thing: 3번 출구, 4대강, 2집 앨범."""
    rest = match.string[match.end() : match.end() + 16]
    counter = "세트" if rest.startswith("세트") else rest[:1]
    after = rest[len(counter) :]
    if after.startswith("째") and counter == "번":
        return False
    if rest.startswith("시간"):
        return number > _HOURS_COUNTED
    if counter in ("번", "쪽") and number > _MOST_OF_NUMBER:
        return True
    if counter == "번" and near(match, _NUMBER_BEFORE, 12):
        return True
    if counter == "대" and near(match, _VEHICLE_BEFORE, 12) and not after.lstrip().startswith("째"):
        return False
    if counter == "장" and near(match, _SHEETS_BEFORE, 10):
        return False
    if _COPULA.match(rest) and near(match, _TIMES_BEFORE, 12):
        return False
    return counter in _AS_NUMBER and bool(_AS_NUMBER[counter].match(after))


def is_age(match: re.Match[str]) -> bool:
    """Whether 10대, 20대 is an age and not so many vehicles."""
    return not near(match, _VEHICLE_BEFORE, 12)


def counted(match: re.Match[str]) -> str | None:
    """Native before a native counter up to 99; 1번째 is 첫 번째; 2~3명 is 두세 명."""
    number, second = match[1].replace(",", ""), match[2]
    if int(number) == 0 or is_number(match, int(second or number)):
        return None
    if match.string[match.end() :].lstrip().startswith("번째") and number == "1":
        return "첫 "
    if second and int(second) == int(number) + 1 and number in _PAIRS:
        return _PAIRS[number] + " "
    said = _native(number)
    return f"{said}에서 {_native(second)} " if second else f"{said} "


def work(match: re.Match[str]) -> str | None:
    """Films and the like are counted, 영화 세 편; other 편 number: 제3편."""
    return counted(match) if near(match, _WORK_BEFORE, 12) else None


def approximate(match: re.Match[str]) -> str | None:
    """Two neighbouring numbers of days, years and the like are joined: 2~3일 → 이삼일."""
    first, second = match.groups()
    return KO.spell(first + second) if int(second) == int(first) + 1 else None


def either(match: re.Match[str]) -> str | None:
    """``2, 3명`` → 두세 명."""
    first, second = match.groups()
    return _PAIRS[first] + " " if int(second) == int(first) + 1 and first in _PAIRS else None


def _native(number: str) -> str:
    if int(number) < 100:
        return korean_native(number)
    head, rest = number[:-2] + "00", number[-2:]
    return KO.integer(head) + (korean_native(rest) if int(rest) else "")
