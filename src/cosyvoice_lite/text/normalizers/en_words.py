"""English: the words that signs, units and abbreviations stand for."""

MONTHS = (
    "January February March April May June July August September October November December".split()
)
MONTH = (
    "Jan(?:uary|\\.)?|Feb(?:ruary|\\.)?|Mar(?:ch|\\.)?|Apr(?:il|\\.)?|May|Jun[e.]?|Jul[y.]?|"
    "Aug(?:ust|\\.)?|Sept?(?:ember|\\.)?|Oct(?:ober|\\.)?|Nov(?:ember|\\.)?|Dec(?:ember|\\.)?"
)
UNITS = {  # sign: one, many
    "km/h": ("kilometer per hour", "kilometers per hour"), "mph": ("mile per hour", "miles per hour"), "m/s": ("meter per second", "meters per second"),
    "km²": ("square kilometer", "square kilometers"), "m²": ("square meter", "square meters"), "m³": ("cubic meter", "cubic meters"), "sq ft": ("square foot", "square feet"),
    "km": ("kilometer", "kilometers"), "cm": ("centimeter", "centimeters"), "mm": ("millimeter", "millimeters"), "nm": ("nanometer", "nanometers"),
    "kg": ("kilogram", "kilograms"), "mg": ("milligram", "milligrams"), "g": ("gram", "grams"), "lb": ("pound", "pounds"), "lbs": ("pound", "pounds"), "oz": ("ounce", "ounces"),
    "ft": ("foot", "feet"), "in.": ("inch", "inches"), "mi": ("mile", "miles"), "yd": ("yard", "yards"), "m": ("meter", "meters"),
    "mL": ("milliliter", "milliliters"), "ml": ("milliliter", "milliliters"), "L": ("liter", "liters"), "GB": ("gigabyte", "gigabytes"), "MB": ("megabyte", "megabytes"),
    "KB": ("kilobyte", "kilobytes"), "TB": ("terabyte", "terabytes"), "Mbps": ("megabit per second", "megabits per second"), "Gbps": ("gigabit per second", "gigabits per second"),
    "GHz": ("gigahertz", "gigahertz"), "MHz": ("megahertz", "megahertz"), "kHz": ("kilohertz", "kilohertz"), "Hz": ("hertz", "hertz"), "kWh": ("kilowatt hour", "kilowatt hours"),
    "kW": ("kilowatt", "kilowatts"), "W": ("watt", "watts"), "mAh": ("milliamp hour", "milliamp hours"), "V": ("volt", "volts"), "dB": ("decibel", "decibels"),
    "°C": ("degree Celsius", "degrees Celsius"), "℃": ("degree Celsius", "degrees Celsius"), "°F": ("degree Fahrenheit", "degrees Fahrenheit"), "℉": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"), "¢": ("cent", "cents"), "µm": ("micrometer", "micrometers"), "μm": ("micrometer", "micrometers"), "ms": ("millisecond", "milliseconds"), "hrs": ("hour", "hours"), "hr": ("hour", "hours"), "mins": ("minute", "minutes"), "min": ("minute", "minutes"),
    "secs": ("second", "seconds"), "sec": ("second", "seconds"), "kcal": ("kilocalorie", "kilocalories"), "fps": ("frame per second", "frames per second"), "px": ("pixel", "pixels"),
}  # fmt: skip
MONEY = {  # sign: one, many, hundredth
    "$": ("dollar", "dollars", "cent"), "US$": ("dollar", "dollars", "cent"), "HK$": ("Hong Kong dollar", "Hong Kong dollars", "cent"), "€": ("euro", "euros", "cent"),
    "£": ("pound", "pounds", "penny"), "¥": ("yen", "yen", ""), "￥": ("yuan", "yuan", ""), "₩": ("won", "won", ""), "₹": ("rupee", "rupees", "paisa"),
}  # fmt: skip
PER = {  # written behind a slash: said
    "s": "second", "sec": "second", "second": "", "min": "minute", "minute": "", "h": "hour", "hr": "hour", "hour": "", "day": "", "wk": "week", "week": "", "mo": "month",
    "month": "", "yr": "year", "year": "", "person": "", "user": "", "night": "", "unit": "", "item": "", "kg": "kilogram", "lb": "pound", "L": "liter", "gallon": "", "mile": "",
}  # fmt: skip
SCALES = {
    "k": "thousand",
    "K": "thousand",
    "m": "million",
    "M": "million",
    "bn": "billion",
    "B": "billion",
    "b": "billion",
}
ABBREVIATIONS = {
    "Mr.": "Mister", "Mrs.": "Missus", "Ms.": "Miz", "Dr.": "Doctor", "Prof.": "Professor", "Sr.": "Senior", "Jr.": "Junior", "vs.": "versus", "etc.": "et cetera", "e.g.": "for example",
    "i.e.": "that is", "approx.": "approximately", "dept.": "department", "est.": "established", "Inc.": "Incorporated", "Ltd.": "Limited", "Corp.": "Corporation", "Gen.": "General",
    "Capt.": "Captain", "Lt.": "Lieutenant", "Sgt.": "Sergeant", "Rev.": "Reverend", "Ave.": "Avenue", "Blvd.": "Boulevard", "w/o": "without", "w/": "with", "Mt.": "Mount", "Ft.": "Fort", "a.k.a.": "also known as",
    "Mon.": "Monday", "Tue.": "Tuesday", "Tues.": "Tuesday", "Wed.": "Wednesday", "Thu.": "Thursday", "Thurs.": "Thursday", "Fri.": "Friday",
}  # fmt: skip
SYMBOLS = {
    "&": "and", "@": "at", "%": "percent", "+": "plus", "=": "equals", "×": "times", "*": "", "÷": "divided by", "<": "less than", ">": "greater than", "≈": "approximately", "≤": "less than or equal to",
    "≥": "greater than or equal to", "≠": "not equal to", "±": "plus or minus", "°": "degrees", "℃": "degrees Celsius", "℉": "degrees Fahrenheit", "№": "number", "#": "number", "$": "dollars", "€": "euros",
    "£": "pounds", "¥": "yen", "√": "square root of", "∞": "infinity", "π": "pi", "§": "section", "©": "copyright", "®": "", "™": "", "/": "slash", "\\": "backslash", "_": " ", "~": "about", "^": "to the power of", "²": "squared", "³": "cubed", "Ω": "ohms", "μ": "micro",
}  # fmt: skip
KINGS = "Henry|Louis|Charles|George|Edward|James|William|Elizabeth|Philip|Napoleon|Pope|John Paul|Benedict|Queen|King"
