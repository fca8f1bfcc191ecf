"""Bidding zones: their name here, their code at ENTSO-E, and the clock that their days follow."""

from __future__ import annotations

from difflib import get_close_matches
from zoneinfo import ZoneInfo

from evenwatt.core.errors import DataError

# Energy Identification Codes of areas, as ENTSO-E's list of areas prints them; the last character is a
# check character, see `has_check_character`.
AREAS: dict[str, tuple[str, str]] = {
    "AL": ("10YAL-KESH-----5", "Europe/Tirane"),
    "AT": ("10YAT-APG------L", "Europe/Vienna"),
    "BA": ("10YBA-JPCC-----D", "Europe/Sarajevo"),
    "BE": ("10YBE----------2", "Europe/Brussels"),
    "BG": ("10YCA-BULGARIA-R", "Europe/Sofia"),
    "CH": ("10YCH-SWISSGRIDZ", "Europe/Zurich"),
    "CY": ("10YCY-1001A0003J", "Asia/Nicosia"),
    "CZ": ("10YCZ-CEPS-----N", "Europe/Prague"),
    "DE-LU": ("10Y1001A1001A82H", "Europe/Berlin"),  # from 2018-10-01
    "DE-AT-LU": ("10Y1001A1001A63L", "Europe/Berlin"),  # until 2018-09-30
    "DE-50HZ": ("10YDE-VE-------2", "Europe/Berlin"),
    "DE-AMPRION": ("10YDE-RWENET---I", "Europe/Berlin"),
    "DE-TENNET": ("10YDE-EON------1", "Europe/Berlin"),
    "DE-TRANSNETBW": ("10YDE-ENBW-----N", "Europe/Berlin"),
    "DE": ("10Y1001A1001A83F", "Europe/Berlin"),
    "DK1": ("10YDK-1--------W", "Europe/Copenhagen"),
    "DK2": ("10YDK-2--------M", "Europe/Copenhagen"),
    "EE": ("10Y1001A1001A39I", "Europe/Tallinn"),
    "ES": ("10YES-REE------0", "Europe/Madrid"),
    "FI": ("10YFI-1--------U", "Europe/Helsinki"),
    "FR": ("10YFR-RTE------C", "Europe/Paris"),
    "GB": ("10YGB----------A", "Europe/London"),
    "GR": ("10YGR-HTSO-----Y", "Europe/Athens"),
    "HR": ("10YHR-HEP------M", "Europe/Zagreb"),
    "HU": ("10YHU-MAVIR----U", "Europe/Budapest"),
    "IE-SEM": ("10Y1001A1001A59C", "Europe/Dublin"),
    "IT-NORTH": ("10Y1001A1001A73I", "Europe/Rome"),
    "IT-CENTRE-NORTH": ("10Y1001A1001A70O", "Europe/Rome"),
    "IT-CENTRE-SOUTH": ("10Y1001A1001A71M", "Europe/Rome"),
    "IT-SOUTH": ("10Y1001A1001A788", "Europe/Rome"),
    "IT-CALABRIA": ("10Y1001C--00096J", "Europe/Rome"),
    "IT-SICILY": ("10Y1001A1001A75E", "Europe/Rome"),
    "IT-SARDINIA": ("10Y1001A1001A74G", "Europe/Rome"),
    "LT": ("10YLT-1001A0008Q", "Europe/Vilnius"),
    "LV": ("10YLV-1001A00074", "Europe/Riga"),
    "ME": ("10YCS-CG-TSO---S", "Europe/Podgorica"),
    "MK": ("10YMK-MEPSO----8", "Europe/Skopje"),
    "NL": ("10YNL----------L", "Europe/Amsterdam"),
    "NO1": ("10YNO-1--------2", "Europe/Oslo"),
    "NO2": ("10YNO-2--------T", "Europe/Oslo"),
    "NO3": ("10YNO-3--------J", "Europe/Oslo"),
    "NO4": ("10YNO-4--------9", "Europe/Oslo"),
    "NO5": ("10Y1001A1001A48H", "Europe/Oslo"),
    "PL": ("10YPL-AREA-----S", "Europe/Warsaw"),
    "PT": ("10YPT-REN------W", "Europe/Lisbon"),
    "RO": ("10YRO-TEL------P", "Europe/Bucharest"),
    "RS": ("10YCS-SERBIATSOV", "Europe/Belgrade"),
    "SE1": ("10Y1001A1001A44P", "Europe/Stockholm"),
    "SE2": ("10Y1001A1001A45N", "Europe/Stockholm"),
    "SE3": ("10Y1001A1001A46L", "Europe/Stockholm"),
    "SE4": ("10Y1001A1001A47J", "Europe/Stockholm"),
    "SI": ("10YSI-ELES-----O", "Europe/Ljubljana"),
    "SK": ("10YSK-SEPS-----K", "Europe/Bratislava"),
}
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"


def area_code(zone: str) -> str:
    """Code of an area, by its name here or by the code itself.

    Raises
    ------
    DataError
        If it is neither; names the nearest.

    Examples
    --------
    >>> area_code("de_lu"), area_code("10YCZ-CEPS-----N")
    ('10Y1001A1001A82H', '10YCZ-CEPS-----N')
    """
    known = AREAS.get(_spelled(zone))
    if known is not None:
        return known[0]
    if has_check_character(zone):
        return zone
    near = get_close_matches(_spelled(zone), AREAS, n=1, cutoff=0.5)
    meant = f"; did you mean {near[0]}?" if near else ""
    raise DataError(
        f"zone '{zone}' is no area known here{meant} A code of 16 characters works too: {_names()}"
    )


def zone_clock(zone: str) -> str:
    """IANA zone whose days an area's data follow; Europe/Brussels, the market's own, where it is not known."""
    spelled = _spelled(zone)
    # By name, by code, or by country: energy-charts names zones, such as IT-Brindisi, that ENTSO-E's list lacks.
    fitting = [area for name, area in AREAS.items() if spelled in (name, area[0])]
    fitting += [area for name, area in AREAS.items() if name[:2] == spelled[:2]]
    clock = fitting[0][1] if fitting else "Europe/Brussels"
    return str(ZoneInfo(clock))


def has_check_character(code: str) -> bool:
    """Whether a text is an Energy Identification Code: 16 characters, the last one computed from the others.

    Source: ENTSO-E, The Energy Identification Coding Scheme reference manual, annex on the check character.

    Examples
    --------
    >>> has_check_character("10YCZ-CEPS-----N"), has_check_character("10YCZ-CEPS-----M")
    (True, False)
    """
    if len(code) != 16 or any(letter not in _ALPHABET for letter in code):
        return False
    total = sum((16 - place) * _ALPHABET.index(letter) for place, letter in enumerate(code[:15]))
    return _ALPHABET[(36 - (total - 1) % 37) % 37] == code[15]


def _spelled(zone: str) -> str:
    return zone.strip().upper().replace("_", "-")


def _names() -> str:
    return ", ".join(AREAS)
