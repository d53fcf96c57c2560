"""English: the words that signs, units and abbreviations stand for."""

MONTHS = (
    "January February March April May June July August September October November December".split()
)
MONTH = (
    "Jan(?:uary|\\.)?|Feb(?:ruary|\\.)?|Mar(?:ch|\\.)?|Apr(?:il|\\.)?|May|Jun[e.]?|Jul[y.]?|"
    "Aug(?:ust|\\.)?|Sept?(?:ember|\\.)?|Oct(?:ober|\\.)?|Nov(?:ember|\\.)?|Dec(?:ember|\\.)?"
)
WEEKDAYS = {
    "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Thur": "Thursday",
    "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip
UNITS = {  # sign: one, many
    "km/h": ("kilometer per hour", "kilometers per hour"), "mph": ("mile per hour", "miles per hour"), "m/s": ("meter per second", "meters per second"), "m/s²": ("meter per second squared", "meters per second squared"),
    "km²": ("square kilometer", "square kilometers"), "m²": ("square meter", "square meters"), "m³": ("cubic meter", "cubic meters"), "cm²": ("square centimeter", "square centimeters"), "cm³": ("cubic centimeter", "cubic centimeters"),
    "sq ft": ("square foot", "square feet"), "sq. ft": ("square foot", "square feet"), "sq-ft": ("square foot", "square feet"), "ft²": ("square foot", "square feet"), "km": ("kilometer", "kilometers"), "cm": ("centimeter", "centimeters"), "mm": ("millimeter", "millimeters"), "nm": ("nanometer", "nanometers"),
    "kg": ("kilogram", "kilograms"), "mg": ("milligram", "milligrams"), "µg": ("microgram", "micrograms"), "μg": ("microgram", "micrograms"), "mcg": ("microgram", "micrograms"), "g": ("gram", "grams"),
    "lb": ("pound", "pounds"), "lbs": ("pound", "pounds"), "oz": ("ounce", "ounces"), "fl oz": ("fluid ounce", "fluid ounces"), "tsp": ("teaspoon", "teaspoons"), "tbsp": ("tablespoon", "tablespoons"), "bbl": ("barrel", "barrels"), "gal": ("gallon", "gallons"),
    "ft": ("foot", "feet"), "in.": ("inch", "inches"), "mi": ("mile", "miles"), "yd": ("yard", "yards"), "m": ("meter", "meters"), "ha": ("hectare", "hectares"),
    "mL": ("milliliter", "milliliters"), "ml": ("milliliter", "milliliters"), "dL": ("deciliter", "deciliters"), "µL": ("microliter", "microliters"), "μL": ("microliter", "microliters"), "L": ("liter", "liters"),
    "GB": ("gigabyte", "gigabytes"), "MB": ("megabyte", "megabytes"), "KB": ("kilobyte", "kilobytes"), "TB": ("terabyte", "terabytes"), "KiB": ("kibibyte", "kibibytes"), "MiB": ("mebibyte", "mebibytes"), "GiB": ("gibibyte", "gibibytes"), "Mbps": ("megabit per second", "megabits per second"), "Gbps": ("gigabit per second", "gigabits per second"),
    "GHz": ("gigahertz", "gigahertz"), "MHz": ("megahertz", "megahertz"), "kHz": ("kilohertz", "kilohertz"), "Hz": ("hertz", "hertz"), "kWh": ("kilowatt hour", "kilowatt hours"), "MWh": ("megawatt hour", "megawatt hours"),
    "GW": ("gigawatt", "gigawatts"), "MW": ("megawatt", "megawatts"), "kW": ("kilowatt", "kilowatts"), "W": ("watt", "watts"), "mAh": ("milliamp hour", "milliamp hours"), "mA": ("milliamp", "milliamps"), "kV": ("kilovolt", "kilovolts"), "mV": ("millivolt", "millivolts"), "V": ("volt", "volts"),
    "Ω": ("ohm", "ohms"), "kΩ": ("kilohm", "kilohms"), "MΩ": ("megohm", "megohms"), "µF": ("microfarad", "microfarads"), "μF": ("microfarad", "microfarads"), "dB": ("decibel", "decibels"), "ppm": ("part per million", "parts per million"),
    "mmHg": ("millimeter of mercury", "millimeters of mercury"), "hPa": ("hectopascal", "hectopascals"), "kPa": ("kilopascal", "kilopascals"), "MPa": ("megapascal", "megapascals"), "Pa": ("pascal", "pascals"), "psi": ("pound per square inch", "pounds per square inch"),
    "mmol": ("millimole", "millimoles"), "mol": ("mole", "moles"), "kJ": ("kilojoule", "kilojoules"), "J": ("joule", "joules"), "rpm": ("revolution per minute", "revolutions per minute"),
    "°C": ("degree Celsius", "degrees Celsius"), "℃": ("degree Celsius", "degrees Celsius"), "°F": ("degree Fahrenheit", "degrees Fahrenheit"), "℉": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"), "¢": ("cent", "cents"), "µm": ("micrometer", "micrometers"), "μm": ("micrometer", "micrometers"), "µs": ("microsecond", "microseconds"), "μs": ("microsecond", "microseconds"), "ns": ("nanosecond", "nanoseconds"), "ms": ("millisecond", "milliseconds"),
    "hrs": ("hour", "hours"), "hr": ("hour", "hours"), "mins": ("minute", "minutes"), "min": ("minute", "minutes"), "secs": ("second", "seconds"), "sec": ("second", "seconds"), "wks": ("week", "weeks"), "yrs": ("year", "years"), "yr": ("year", "years"),
    "kcal": ("kilocalorie", "kilocalories"), "fps": ("frame per second", "frames per second"), "px": ("pixel", "pixels"), "pts": ("point", "points"),
}  # fmt: skip
MONEY = {  # sign: one, many, hundredth
    "$": ("dollar", "dollars", "cent"), "€": ("euro", "euros", "cent"), "£": ("pound", "pounds", "penny"), "¥": ("yen", "yen", ""), "￥": ("yuan", "yuan", ""), "₩": ("won", "won", ""), "₹": ("rupee", "rupees", "paisa"),
    "₽": ("ruble", "rubles", ""), "₺": ("lira", "lira", ""), "₱": ("peso", "pesos", ""), "฿": ("baht", "baht", ""), "₫": ("dong", "dong", ""), "₪": ("shekel", "shekels", ""), "₴": ("hryvnia", "hryvnias", ""), "₦": ("naira", "naira", ""),
    "US$": ("dollar", "dollars", "cent"), "HK$": ("Hong Kong dollar", "Hong Kong dollars", "cent"), "A$": ("Australian dollar", "Australian dollars", "cent"), "AU$": ("Australian dollar", "Australian dollars", "cent"),
    "C$": ("Canadian dollar", "Canadian dollars", "cent"), "CA$": ("Canadian dollar", "Canadian dollars", "cent"), "NZ$": ("New Zealand dollar", "New Zealand dollars", "cent"), "S$": ("Singapore dollar", "Singapore dollars", "cent"),
    "NT$": ("New Taiwan dollar", "New Taiwan dollars", ""), "R$": ("real", "reais", ""),
}  # fmt: skip
CODES_OF_MONEY = {  # the code of a currency: its sign
    "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "￥", "RMB": "￥", "KRW": "₩", "INR": "₹", "HKD": "HK$", "AUD": "A$", "CAD": "C$", "NZD": "NZ$", "SGD": "S$",
    "RUB": "₽", "THB": "฿", "PHP": "₱", "VND": "₫",
}  # fmt: skip
SCALES = {
    "k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "mil": "million", "b": "billion", "B": "billion",
    "bn": "billion", "T": "trillion", "tn": "trillion",
}  # fmt: skip
PER = {  # written behind a slash: said; a unit is said as it is behind a number
    "s": "second", "h": "hour", "wk": "week", "mo": "month", "second": "", "minute": "", "hour": "", "day": "", "week": "", "month": "", "year": "", "person": "", "user": "", "night": "",
    "unit": "", "item": "", "gallon": "", "mile": "", "pound": "", "piece": "", "share": "", "barrel": "", "head": "", "capita": "",
}  # fmt: skip
TITLES = {  # before a name
    "Mr.": "Mister", "Mrs.": "Missus", "Ms.": "Ms", "Prof.": "Professor", "Gen.": "General", "Capt.": "Captain", "Lt.": "Lieutenant", "Sgt.": "Sergeant", "Rev.": "Reverend", "Sen.": "Senator",
    "Sens.": "Senators", "Gov.": "Governor", "Rep.": "Representative", "Reps.": "Representatives", "Col.": "Colonel", "Pres.": "President", "Maj.": "Major", "Adm.": "Admiral", "Hon.": "Honorable", "Cpl.": "Corporal",
    "Mt.": "Mount", "Ft.": "Fort",
}  # fmt: skip
BEFORE_NUMBERS = {
    "No.": "number", "Nos.": "numbers", "Fig.": "figure", "Figs.": "figures", "Vol.": "volume", "pp.": "pages", "p.": "page", "Apt.": "apartment", "Ste.": "suite", "Ext.": "extension", "Cl.": "clause",
    "Art.": "article", "Ch.": "chapter", "Eq.": "equation", "Sec.": "section", "Pt.": "part", "Bldg.": "building", "Rm.": "room", "Tel.": "telephone", "Max.": "maximum", "Min.": "minimum", "Ver.": "version",
}  # fmt: skip
ABBREVIATIONS = {
    "Sr.": "Senior", "Jr.": "Junior", "vs.": "versus", "etc.": "et cetera", "e.g.": "for example", "i.e.": "that is", "a.k.a.": "also known as", "approx.": "approximately", "incl.": "including", "excl.": "excluding",
    "esp.": "especially", "cf.": "compare", "viz.": "namely", "avg.": "average", "dept.": "department", "govt.": "government", "Inc.": "Incorporated", "Ltd.": "Limited", "Corp.": "Corporation", "Co.": "Company", "Bros.": "Brothers",
    "Univ.": "University", "Ave.": "Avenue", "Blvd.": "Boulevard", "Rd.": "Road", "Ln.": "Lane", "Hwy.": "Highway", "Pkwy.": "Parkway", "w/o": "without", "w/": "with",
}  # fmt: skip
SYMBOLS = {
    "&": "and", "@": "at", "%": "percent", "+": "plus", "=": "equals", "×": "times", "*": "", "÷": "divided by", "<": "less than", ">": "greater than", "≈": "approximately", "≤": "less than or equal to",
    "≥": "greater than or equal to", "≠": "not equal to", "±": "plus or minus", "°": "degrees", "℃": "degrees Celsius", "℉": "degrees Fahrenheit", "№": "number", "#": "number", "$": "dollars", "€": "euros",
    "£": "pounds", "¥": "yen", "√": "square root of", "∞": "infinity", "§": "section", "©": "copyright", "®": "", "™": "", "/": "slash", "\\": "backslash", "_": " ", "~": "about", "^": "to the power of",
}  # fmt: skip
GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρστυφχψω",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau "
        "upsilon phi chi psi omega".split(),
        strict=True,
    )
)
KINGS = "Henry|Louis|Charles|George|Edward|James|William|Elizabeth|Philip|Napoleon|Pope|John Paul|Benedict|Queen|King"
STATES = "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
NEXT_SENTENCE = (
    r"\s+(?:The|It|He|She|They|We|You|I|But|And|So|This|That|There|These|Those|In|On|At|If|When|His|"
    r"Her|Our|My|An?|Now|Then|Later|However|Please|What|Why|How|Who|Is|Are|Do|After|Before|While|For|Some|Many|All)\b"
)
