"""Korean words whose sound no rule over letters gives.

An apostrophe stands before a syllable that is tensed: in Sino-Korean words ㄷ ㅅ ㅈ behind ㄹ
(제26항), which native words and endings keep plain (말도, 알지), and inside compounds (제28항).
"""

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
TENSE = dict(zip("ㄱㄷㅂㅅㅈ", "ㄲㄸㅃㅆㅉ", strict=True))
_FIRST, _PER_INITIAL = ord("가"), 21 * 28

# Sino-Korean pairs that are one word wherever they stand: 의사결정, 유해물질
_PAIRS = """
갈등증 결단산석선성손승식실심사재제전점집정 골절 굴절 몰수 물질 발달생송신 밀집 설득 실습제종질 열심정
월세 절대 질서 철저 출생석세 칠십 팔십 탈세 필수 활동성
"""
# pairs that count at the beginning of a word only: 출신, but 대출신청
_PAIRS_AT_START = """
갈대색수 걸상식작 결속장절 골대동수자재조 괄시 길손조 날조 달성집 돌진 말단살석세소수 멸종 몰상살
물산색성소속살수자잔정증집독동새 밀도수실전접정 발단동등사산상설성색수심작전정제족주증진
별당동수실장전점정종지세 불당사상성세소손수순시심신전 살상색생수신점집 설사산상전정 솔선 술독상수자잔집
실사상선성세소속손수시신재장적전정점족조존주증지직 알선 열대등사선세전중두둘셋쇠 월등수식정 율동
일단당대동등사생상석선성세소손수순시식신심자장전절정제조족주지직진 절단도삭세수식전정제주 졸속작전
질석소주 철도사수자장제조 출동두사소산시신장전제 칠도등세순석점조 탈선수주진 팔등세순자점조 필사생승자적
할당증 혈당색서세전중 활자주
"""
_MARKED_AT_START = """
열'다섯 말'동무 말'솜씨 말'재주 발'가락 발'걸음 발'길 발'바닥 발'소리 발'자국 발'자취
물'가 물'감 물'개 물'결 물'고기 물'기 물'길 물'방울 물'병 물'줄기 불'길 불'덩이 불'더미 불'빛 불'법
술'기운 술'김 술'병 길'가 길'거리 길'바닥 달'동네 달'빛 돌'덩이 돌'덩어리 일'솜씨 글'자 글'감
손'가락 손'길 손'등 손'바닥 손'수건 손'재주 손'짓 눈'가 눈'길 눈'동자 눈'덩이 눈'병 눈'빛 눈'사람 눈'짓
산'골 산'길 산'새 산'속 산'바람 강'가 강'바람 강'바닥 밤'거리 밤'길 밤'바다 밤'바람 봄'바람 봄'비 가을'비
안'방 땅'속 땅'바닥 창'가 문'고리 문'구멍 꿈'속 품'속 숨'소리 종'소리 총'소리 등'불 용'돈 문'자 한'자
보름'달 초승'달 아침'밥 점심'밥 신'바람 몸'속 몸'짓 몸'집 밀'가루 쌀'가루 올'겨울 올'가을 대'가 주'가 유'가 정'가
원'가 단'가 성'과 치'과 내'과 외'과 평'가 성'격 인'기 안'건 여'건 여'권 증'권 인'권 정'권 주'권 채'권 상'권 왕'권
교'권 판'권 대'권 이'권 민'법 형'법 상'법 문'법 헌'법 비'법 수'법 기'법 용'법 화'법 어'법 병'법 세'법 해'법 공'법
산'불 철'길 별'빛 눈'살 주름'살 시'점 요'점 허'점 종'점 인'격 볼'거리 일'거리
요'법 준'법 통'증 염'증 주'격 초'점 장'점 단'점 관'점
"""
_MARKED = """
일'주일 비빔'밥 김'밥 마음'속 가슴'속 울음'소리 웃음'소리 바람'소리 바닷'가 출근'길 퇴근'길 갈림'길 지름'길 오솔'길
비탈'길 빙판'길 여행'길 피난'길 인생'길 출발'점 출발'지 출발'선 이발'소 신발'장 경찰'서 특별'시 특별'상 특별'전
특별'석 기술'자 개발'자 관찰'자 고발'자 유발'자 전달'자 조달'자 집필'자 약탈'자 수술'실 미술'실 예술'제 건물'주
사실'상 고속철'도 도시철'도 일본열'도 해외출'장 재설'정 환경설'정 기본설'정 초기설'정 재발'전 력발'전 이비인후'과 소아'과 산부인'과 피부'과
비뇨기'과 정형외'과 성형외'과 신경외'과 소아청소년'과 재평'가 고평'가 저평'가 문제'점 현시'점 조회'수 반찬'거리 다중인'격 이중인'격 법인'격 저작인'격 구성요'건 자격요'건 필수요'건
"""
_READ = {  # ㄴ before 이 야 여 요 유 (제29항), codas before a noun's vowel (제15항) and others
    "맛있": "마싣", "멋있": "머싣", "맛없": "마덦", "멋없": "머덦", "첫인상": "처딘상", "겉옷": "거돋",
    "헛웃음": "허두슴", "꽃잎": "꼰닙", "나뭇잎": "나문닙", "깻잎": "깬닙", "색연필": "생년필",
    "담요": "담뇨", "식용유": "시굥뉴", "휘발유": "휘발류", "윤활유": "유놜류", "솜이불": "솜니불",
    "홑이불": "혼니불", "콩엿": "콩녇", "물엿": "물렫", "두통약": "두통냑", "소독약": "소동냑",
    "위장약": "위장냑", "물약": "물략", "알약": "알략", "영업용": "영엄뇽", "집안일": "지반닐",
    "관절염": "관절렴", "결막염": "결망념", "방광염": "방광념", "위장염": "위장념", "췌장염": "췌장념",
    "맹장염": "맹장념", "급행열차": "그팽녈차", "직행열차": "지캥녈차", "공권력": "공꿘녁",
    "입원료": "이붠뇨", "골다공증": "골다공쯩", "넓죽": "넙쭉", "넓둥글": "넙뚱글", "여덟": "여덜",
    "몇월": "며뒬", "십육": "심뉵", "백육": "뱅뉵", "줄넘기": "줄넘끼", "눈요기": "눈뇨기", "백분율": "백분뉼",
    "값어치": "가버치", "값있": "가빘", "값없": "가벖", "넋없": "너겂",
}  # fmt: skip
_READ_AT_START = {
    "한여름": "한녀름", "맨입": "맨닙", "한입": "한닙", "할일": "할릴", "별일": "별릴", "앞일": "암닐",
    "옛일": "옌닐", "볼일": "볼릴", "밭일": "반닐", "솔잎": "솔립", "뒷일": "뒨닐", "막일": "망닐", "불여우": "불려우", "삶과": "삼과", "삶도": "삼도",
    "삶보다": "삼보다", "삶조차": "삼조차", "못알": "모달", "못와": "모돠", "못오": "모도", "못이루": "몬니루",
    "못이기": "몬니기", "못잊": "몬닞", "못읽": "몬닑",
}  # fmt: skip
_PLAIN = "유가족 대가족 대가리 눈가리 한자리 한자루 불사르 불사른 불살라 일조차".split()


def tensed(syllable: str) -> str:
    """The syllable with a tense initial: 대 → 때; 나 stays."""
    initial = _INITIALS[(ord(syllable) - _FIRST) // _PER_INITIAL]
    return with_initial(syllable, TENSE.get(initial, initial))


def with_initial(syllable: str, initial: str) -> str:
    """The syllable with another initial."""
    rest = (ord(syllable) - _FIRST) % _PER_INITIAL
    return chr(_FIRST + _INITIALS.index(initial) * _PER_INITIAL + rest)


def tense_all(syllables: str) -> str:
    """The syllables with the first one tensed."""
    return tensed(syllables[0]) + syllables[1:]


def _pairs(table: str) -> dict[str, str]:
    return {row[0] + second: row[0] + tensed(second) for row in table.split() for second in row[1:]}


def _marked(table: str) -> dict[str, str]:
    halves = [word.partition("'") for word in table.split() if "'" in word]
    return {first + second: first + tense_all(second) for first, _, second in halves}


ANYWHERE = _pairs(_PAIRS) | _marked(_MARKED) | _READ
AT_START = (
    _pairs(_PAIRS_AT_START)
    | _marked(_MARKED_AT_START)
    | _READ_AT_START
    | {word: word for word in _PLAIN}
)
