"""The ozone chemistry of the EMEP model: the largest reaction problem of the Test Set for IVP Solvers.

Rates at 298 K are numbered as in the source.
"""

import math
from typing import Any

from odebench import IVP, Problem, hookimpl, problem

from ._shared import TEST_SET, until

_AIR, _OXYGEN, _KELVIN, _MIXING_HEIGHT = 2.55e19, 5.2e18, 298.0, 1.2e5


def _arrhenius(factor: float, kelvin: float) -> float:
    return factor * math.exp(kelvin / _KELVIN)


_K = {
    1: 5.7e-34 * (_KELVIN / 300) ** -2.8 * _AIR * _OXYGEN,
    5: 9.6e-32 * (_KELVIN / 300) ** -1.6 * _AIR,
    7: _arrhenius(2e-11, 100) * _AIR,
    8: 2.2e-10,
    11: _arrhenius(1.8e-12, -1370),
    12: _arrhenius(1.2e-13, -2450),
    13: _arrhenius(1.9e-12, -1000),
    14: _arrhenius(1.4e-14, -600),
    15: _arrhenius(1.8e-11, 110),
    17: _arrhenius(3.7e-12, 240),
    19: _arrhenius(7.2e-14, -1414),
    20: 1.4e-12,
    21: 1.4e-11,
    26: 4.1e-16,
    29: _arrhenius(7.1e14, -11080),
    30: _arrhenius(4.8e-11, 250),
    31: _arrhenius(2.9e-12, -160),
    33: _arrhenius(7.7e-12, -2100),
    35: _arrhenius(1e-14, 785),
    39: 1.35e-12,
    40: 4e-17,
    43: 1e-4,
    44: 1e-4,
    45: 1e-4,
    59: _arrhenius(3.9e-12, -1885),
    60: _arrhenius(4.2e-12, 180),
    61: _arrhenius(5.5e-14, 365),
    62: _arrhenius(5.5e-14, 365),
    63: _arrhenius(3.3e-12, -380),
    64: 3.2e-12,
    65: _arrhenius(3.8e-13, 780),
    66: 9.6e-12,
    67: _arrhenius(1e-12, 190),
    68: _arrhenius(1.9e-12, 190),
    69: 5.8e-16,
    70: 2.4e-13,
    71: _arrhenius(7.8e-12, -1020),
    72: 8.9e-12,
    74: _arrhenius(6.5e-13, 650),
    75: _arrhenius(5.6e-12, 310),
    76: _arrhenius(5.8e-12, 190),
    77: 1e-11,
    78: _arrhenius(1.34e16, -13330),
    79: 2e-11,
    80: 1.1e-11,
    81: _arrhenius(1.64e-11, -559),
    85: 1e-11,
    86: 1.15e-12,
    87: 4.8e-12,
    88: _arrhenius(1.3e-13, 1040),
    89: _arrhenius(3e-13, 1040),
    94: _arrhenius(2.8e-12, 530),
    109: _arrhenius(1.66e-12, 474),
    112: _arrhenius(1.2e-14, -2630),
    123: _arrhenius(6.5e-15, -1880),
    125: 2.86e-11,
    146: 3.2e-11,
    147: 2e-11,
    148: 2.2e-11,
    149: 3.7e-11,
    150: _arrhenius(12.3e-15, -2013),
    151: _arrhenius(2.54e-11, 410),
    153: _arrhenius(4.13e-12, 452),
    156: 2e-11,
    157: 8e-18,
    158: _arrhenius(1.86e-11, 175),
    160: _arrhenius(4.32e-15, -2016),
    161: 3.35e-11,
    163: 7.8e-13,
    219: 2e-11,
    221: 1.1e-11,
    222: 1.7e-11,
    223: 2.4e-11,
    234: 1.37e-11,
    235: 1.7e-11,
}

# photolysis by day at the rate a exp(-b / cos(zenith angle)); those not named here take no part
_LIGHT = {
    1: (1.23e-3, 0.60),
    2: (2e-4, 1.40),
    3: (1.45e-2, 0.40),
    4: (2.2e-5, 0.75),
    5: (3e-6, 1.25),
    6: (5.4e-5, 0.79),
    7: (6.65e-5, 0.60),
    8: (1.35e-5, 0.94),
    9: (2.43e-5, 0.88),
    11: (2.16e-4, 0.79),
    13: (3.53e-2, 0.081),
    14: (8.94e-2, 0.059),
    15: (3.32e-5, 0.57),
    16: (2.27e-5, 0.62),
}
_DARK = 1e-40

# emissions in molecules / (cm^2 s), over the mixing height; volatile organics by mass fraction and molecular weight
_NOX = _ORGANIC = 2.5e11
_FRACTION = {6: 0.07689, 7: 0.41444, 8: 0.03642, 9: 0.03827, 10: 0.24537, 13: 0.13957}
_WEIGHT = {6: 30.0, 7: 58.0, 8: 28.0, 9: 42.0, 10: 106.0, 13: 46.0}
_SHARE = {i: _FRACTION[i] / _WEIGHT[i] / sum(_FRACTION[j] / _WEIGHT[j] for j in _FRACTION) for i in _FRACTION}
_EMITTED = {
    **{i: _ORGANIC * share / _MIXING_HEIGHT for i, share in _SHARE.items()},
    1: _NOX / _MIXING_HEIGHT,
    3: _NOX / _MIXING_HEIGHT,
    4: 10 * _ORGANIC / _MIXING_HEIGHT,
    11: 0.5 * _ORGANIC / _MIXING_HEIGHT,
}


def _from(t: Any, start: float, xp: Any) -> Any:
    """0 before t = start and 1 from there on, by arithmetic alone; exact, as the nudge is half a rounding of start."""
    ahead = (t - start) + start * 2.0**-54
    return 0.5 + 0.5 * (ahead / xp.sqrt(ahead * ahead))


@problem(
    tags=["nonlinear", "system", "stiff", "large"],
    source=f"{TEST_SET}: emep; Simpson, Andersson-Skold & Jenkin, EMEP MSC-W Note 2/93 (1993)",
)
def emep(*, t1: float = 417600.0) -> IVP:
    """66 species of the ozone chemistry of the lower air, from 4 h of the first day, 116 h of day and night in seconds.

    The sun rises at 4 h and sets at 20 h: the right-hand side jumps there, and at midnight with the humidity.
    """
    day, hour = 86400.0, 3600.0
    t0 = 4 * hour
    if t1 <= t0:
        raise ValueError(f"expected t1 > {t0}, received {t1}")
    days = range(int(t1 // day) + 1)
    latitude, declination = 50 * math.pi / 180, 23.5 * math.pi / 180
    upright = math.cos(latitude) * math.cos(declination)
    tilt = math.sin(latitude) * math.sin(declination)
    saturation = (597.3 - 0.57 * (_KELVIN - 273.16)) * 18 / 1.986 * (1 / _KELVIN - 1 / 273.16)
    water_per_humidity = 6.1078 * math.exp(-saturation) * 10 / (1.38e-16 * _KELVIN)
    ho2_ho2 = _arrhenius(2.3e-13, 600) + _AIR * _arrhenius(1.7e-33, 1000)
    ho2_water = _arrhenius(1.4e-21, 2200)
    k, emitted = _K, _EMITTED
    k60, k85 = k[60], k[85]
    by_3, by_4 = 0.65, 0.35  # the two ways secondary butoxy decays

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        (
            no, no2, so2, co, ch4, c2h6, nc4h10, c2h4, c3h6, oxyl, hcho, ch3cho, mek, o3, ho2, hno3, h2o2, h2, ch3o2,
            c2h5oh, sulphate, ch3o2h, c2h5o2, ch3coo, pan, secc4h, meko2, r2ooh, etro2, mglyox, prro2, glyox, oxyo2,
            mal, malo2, op, oh, od, no3, n2o5, isopre, nitrate, isro2, mvk, mvko2, ch3oh, rco3h, oxyo2h, buro2h,
            etro2h, prro2h, meko2h, malo2h, macr, isni, isro2h, maro2, mapan, ch2cch3, isono3, isnir, mvko2h, ch2chr,
            isno3h, isnirh, maro2h,
        ) = (y[..., i] for i in range(66))  # fmt: skip

        light = sum(_from(t, d * day + 4 * hour, xp) * until(t, d * day + 20 * hour, xp) for d in days)
        clock = t - day * sum(_from(t, d * day, xp) for d in days if d > 0)  # seconds since midnight
        height = tilt + upright * xp.cos((1 + clock / 43200) * math.pi)
        slant = 1 / (1 + light * (height - 1))  # 1 in the dark, where the sun may stand at the horizon
        j = {i: light * (a * xp.exp(-b * slant)) + (1 - light) * _DARK for i, (a, b) in _LIGHT.items()}
        water = water_per_humidity * (66.5 + 23 * xp.sin(2.43 - 7.93e-5 * clock))
        k36 = ho2_ho2 * (1 + ho2_water * water)
        loss = (0.25 + 0.75 * light) / _MIXING_HEIGHT  # deposition at 1 cm/s, a quarter of it by night

        peroxides = k[68] * oh + j[16] + 0.5 * loss
        ozone_isoprene, ozone_mvk = k[150] * o3 * isopre, k[160] * o3 * mvk
        ozone_ethene, ozone_propene = k[112] * o3 * c2h4, k[123] * o3 * c3h6
        no_oxidised = no * (k[5] * op + k[11] * o3 + k[17] * ho2 + k[72] * c2h5o2 + k[79] * (ch3coo + maro2))
        isopre_peroxy = isro2 * no * k60

        return xp.stack(
            [
                j[3] * no2 + j[13] * no3 + k[19] * no2 * no3 + emitted[1] - no_oxidised - k[15] * no3 * no
                - k60 * no * (ch3o2 + secc4h + meko2 + etro2 + prro2 + oxyo2 + malo2 + isro2 + mvko2 + ch2cch3 + isnir
                              + isono3),
                no_oxidised + 2 * k[15] * no3 * no
                + k60 * no * (ch3o2 + secc4h + meko2 + etro2 + prro2 + oxyo2 + malo2 + ch2cch3 + 0.86 * isro2
                              + 1.9 * isnir + 1.1 * isono3 + 0.95 * mvko2)
                + j[14] * no3 + j[5] * hno3 + j[15] * n2o5 + k[29] * n2o5 + k[78] * (pan + mapan)
                - (j[3] + k[12] * o3 + k[20] * no3 + k[21] * oh + 0.2 * loss + k[77] * (ch3coo + maro2)) * no2,
                emitted[3] - (k[39] * oh + k[40] * ch3o2 + 0.5 * loss) * so2,
                emitted[4] + oh * (k[66] * hcho + 2 * k[221] * glyox + k[222] * mglyox)
                + 0.44 * ozone_ethene + 0.4 * ozone_propene + 0.05 * ozone_mvk + 0.05 * ozone_isoprene
                + hcho * (j[6] + j[7] + k[69] * no3) + j[8] * ch3cho + j[11] * mglyox + 2 * j[7] * glyox
                - k[70] * oh * co,
                0.07 * ozone_propene - k[59] * oh * ch4,
                emitted[6] - k[71] * oh * c2h6,
                emitted[7] - k[81] * oh * nc4h10,
                emitted[8] - k[109] * oh * c2h4 - ozone_ethene,
                emitted[9] + 0.07 * ozone_isoprene - ozone_propene - k[125] * oh * c3h6,
                emitted[10] - k[234] * oh * oxyl,
                ch3o2 * (k60 * no + (2 * k[61] + k[62]) * ch3o2 + k[80] * ch3coo + k[40] * so2)
                + oh * (k[63] * ch3oh + k[67] * ch3o2h)
                + no * k60 * (2 * etro2 + prro2 + 0.74 * isro2 + 0.266 * mvko2 + 0.15 * isono3)
                + 0.5 * ozone_propene + ozone_ethene + 0.7 * k[157] * o3 * isro2h + 0.8 * ozone_mvk
                + 0.8 * ozone_isoprene + 2 * j[7] * glyox + j[16] * (ch3o2h + 1.56 * etro2h + prro2h)
                - (k[66] * oh + j[6] + j[7] + k[69] * no3 + 0.3 * loss) * hcho,
                no * (k[72] * c2h5o2 + k60 * (secc4h * by_4 + meko2 + prro2 + 0.95 * isnir + 0.684 * mvko2))
                + oh * (k[64] * c2h5oh + k[76] * r2ooh + k[76] * etro2h) + 0.5 * ozone_propene + 0.04 * ozone_mvk
                + j[16] * (r2ooh + 0.22 * etro2h + 0.35 * buro2h + prro2h + meko2h)
                - (j[8] + k[75] * oh + 0.3 * loss) * ch3cho,
                k60 * no * secc4h * by_3 + (0.65 * j[16] + k[76] * oh) * buro2h + k[76] * oh * prro2h
                + (k60 * no + j[16]) * ch2cch3 + 0.95 * k60 * no * isnir
                - (j[9] + k[86] * oh + 0.3 * loss) * mek,
                k[1] * op + k[89] * ho2 * ch3coo
                - (k[11] * no + k[12] * no2 + k[13] * oh + k[14] * ho2 + 0.5 * loss + k[157] * isro2h + j[1] + j[2])
                * o3 - ozone_ethene - ozone_propene - ozone_mvk - ozone_isoprene,
                oh * (k[13] * o3 + k[31] * h2o2 + k[33] * h2 + k[39] * so2 + k[63] * ch3oh + k[64] * c2h5oh
                      + k[66] * hcho + k[70] * co + k[221] * glyox)
                + ch3o2 * (k[40] * so2 + 2 * k[61] * ch3o2 + 0.5 * k[80] * ch3coo) + j[11] * mglyox
                + no * k60 * (ch3o2 + etro2 + prro2 + oxyo2 + malo2 + 0.95 * mvko2 + secc4h * by_3 + 0.78 * isro2
                              + ch2cch3 + 0.05 * isnir + 0.8 * isono3)
                + k[72] * no * c2h5o2 + j[8] * ch3cho + 2 * j[6] * hcho
                + j[16] * (ch3o2h + r2ooh + 0.65 * buro2h + etro2h + prro2h + oxyo2h + malo2h)
                + no3 * (k[26] * h2o2 + k[69] * hcho) + 0.12 * ozone_ethene + 0.28 * ozone_propene
                + 0.06 * ozone_mvk + 0.06 * ozone_isoprene
                - (k[14] * o3 + k[17] * no + k[30] * oh + 2 * k36 * ho2 + k[65] * ch3o2 + k[74] * c2h5o2
                   + (k[88] + k[89]) * ch3coo
                   + k85 * (secc4h + etro2 + prro2 + meko2 + maro2 + mvko2 + isnir + ch2cch3 + oxyo2 + malo2 + isro2
                            + isono3)) * ho2,
                k[21] * no2 * oh + no3 * (k[26] * h2o2 + k[69] * hcho) - (k[35] * oh + j[5] + k[45]) * hno3,
                k36 * ho2**2 - (k[31] * oh + j[4] + k[43] + k[26] * no3 + 0.5 * loss) * h2o2,
                j[7] * hcho + 0.13 * ozone_ethene + 0.07 * ozone_propene - k[33] * oh * h2,
                oh * (k[59] * ch4 + k[68] * ch3o2h) + ch3coo * (k[79] * no + 2 * k[94] * ch3coo) + j[8] * ch3cho
                + j[16] * rco3h + 0.31 * ozone_propene
                - (k[40] * so2 + k60 * no + 2 * k[61] * ch3o2 + 2 * k[62] * ch3o2 + k[65] * ho2 + 0.5 * k[80] * ch3coo)
                * ch3o2,
                emitted[13] - k[64] * oh * c2h5oh,
                (k[40] * ch3o2 + k[39] * oh) * so2 + 0.05 * emitted[3] - 0.1 * loss * sulphate,
                k[65] * ho2 * ch3o2 - (k[43] + j[16] + (k[67] + k[68]) * oh) * ch3o2h,
                oh * (k[71] * c2h6 + k[68] * r2ooh) + 0.35 * j[16] * buro2h + k60 * no * secc4h * by_4 + j[9] * mek
                - (k[72] * no + k[74] * ho2) * c2h5o2,
                oh * (k[75] * ch3cho + k[222] * mglyox + k[68] * rco3h) + k60 * no * meko2 + k[78] * pan
                + j[11] * mglyox + j[9] * mek + j[16] * meko2h + 0.684 * k60 * no * mvko2
                - (k[77] * no2 + k[79] * no + k[80] * ch3o2 + 2 * k[94] * ch3coo + (k[88] + k[89]) * ho2) * ch3coo,
                k[77] * ch3coo * no2 - (0.2 * loss + k[78]) * pan,
                oh * (k[81] * nc4h10 + k[68] * buro2h) - (k60 * no + k85 * ho2) * secc4h,
                oh * (k[86] * mek + k[87] * meko2h) - (k60 * no + k85 * ho2) * meko2,
                k[74] * ho2 * c2h5o2 - (k[76] * oh + peroxides) * r2ooh,
                oh * (k[109] * c2h4 + k[68] * etro2h) - (k60 * no + k85 * ho2) * etro2,
                k60 * no * (oxyo2 + malo2 + 0.266 * mvko2) + 0.82 * ozone_mvk + j[16] * (oxyo2h + malo2h)
                - (j[11] + k[222] * oh) * mglyox,
                oh * (k[125] * c3h6 + k[68] * prro2h) - (k60 * no + k85 * ho2) * prro2,
                k60 * no * malo2 + j[16] * malo2h - (2 * j[7] + k[221] * oh) * glyox,
                oh * (k[234] * oxyl + k[235] * oxyo2h) - (k60 * no + k85 * ho2) * oxyo2,
                k60 * no * oxyo2 + j[16] * oxyo2h - k[219] * oh * mal,
                oh * (k[219] * mal + k[223] * malo2h) - (k60 * no + k85 * ho2) * malo2,
                j[1] * o3 + j[3] * no2 + j[14] * no3 + k[7] * od + 0.2 * ozone_mvk + 0.3 * ozone_isoprene
                - (k[1] + k[5] * no) * op,
                2 * k[8] * water * od + ho2 * (k[14] * o3 + k[17] * no) + 2 * j[4] * h2o2 + j[5] * hno3
                + j[16] * (ch3o2h + r2ooh + rco3h + buro2h + etro2h + meko2h + oxyo2h + malo2h)
                + 0.15 * ozone_propene + 0.08 * ozone_mvk + 0.55 * ozone_isoprene
                - oh * (k[222] * mglyox + k[75] * ch3cho + k[81] * nc4h10 + k[87] * meko2h + k[86] * mek
                        + k[235] * oxyo2h + k[109] * c2h4 + k[125] * c3h6 + k[234] * oxyl + k[223] * malo2h
                        + k[219] * mal + k[31] * h2o2 + k[21] * no2 + k[148] * mvko2h + k[64] * c2h5oh + k[39] * so2
                        + k[71] * c2h6 + k[30] * ho2 + k[59] * ch4 + k[70] * co + k[35] * hno3 + k[13] * o3
                        + k[221] * glyox + k[68] * (ch3o2h + r2ooh + rco3h + etro2h + prro2h + buro2h) + k[66] * hcho
                        + k[151] * isopre + k[153] * mvk + k[63] * ch3oh + k[33] * h2 + k[158] * macr + k[146] * ch2chr
                        + k[149] * (isnirh + maro2h) + k[147] * isno3h + k[161] * isni),
                j[2] * o3 - (k[7] + k[8] * water) * od,
                (k[29] + j[15]) * n2o5 + k[12] * o3 * no2 + k[35] * oh * hno3
                - (k[15] * no + k[26] * h2o2 + k[163] * isopre + k[19] * no2 + k[20] * no2 + j[13] + j[14]
                   + k[69] * hcho) * no3,
                k[20] * no3 * no2 - (k[29] + j[15] + k[45]) * n2o5,
                emitted[11] - k[151] * oh * isopre - k[163] * no3 * isopre - ozone_isoprene,
                k[45] * hno3 + 2 * k[44] * n2o5 - 0.1 * loss * nitrate,
                oh * (k[151] * isopre + k[156] * isro2h) + 0.12 * isopre_peroxy - isopre_peroxy - k85 * ho2 * isro2,
                k60 * no * (0.42 * isro2 + 0.05 * isono3) + 0.26 * ozone_isoprene - k[153] * oh * mvk - ozone_mvk,
                k[153] * mvk * oh + k[148] * oh * mvko2h - (k60 * no + k85 * ho2) * mvko2,
                k[62] * ch3o2**2 - k[63] * oh * ch3oh,
                k[88] * ho2 * ch3coo - peroxides * rco3h,
                k85 * ho2 * oxyo2 - (k[235] * oh + j[16] + 0.5 * loss) * oxyo2h,
                k85 * ho2 * secc4h - (k[76] * oh + peroxides) * buro2h,
                k85 * ho2 * etro2 - (k[76] * oh + peroxides) * etro2h,
                k85 * ho2 * prro2 - (k[76] * oh + peroxides) * prro2h,
                k85 * ho2 * meko2 - (k[87] * oh + j[16] + 0.5 * loss) * meko2h,
                k85 * ho2 * malo2 - (k[223] * oh + j[16] + 0.5 * loss) * malo2h,
                k60 * no * (0.32 * isro2 + 0.1 * isono3) + 0.67 * ozone_isoprene - k[158] * oh * macr,
                k60 * no * (0.14 * isro2 + 0.05 * mvko2 + 0.85 * isono3) - k[161] * oh * isni,
                k85 * ho2 * isro2 - (k[156] * oh + k[157] * o3 + 0.5 * loss) * isro2h,
                0.5 * k[158] * oh * macr + k[78] * mapan + k[149] * oh * maro2h
                - (k[77] * no2 + k[79] * no + k85 * ho2) * maro2,
                k[77] * maro2 * no2 - (0.2 * loss + k[78]) * mapan,
                k[79] * no * maro2 + k[146] * oh * ch2chr - (k60 * no + k85 * ho2) * ch2cch3,
                k[163] * no3 * isopre + k[147] * oh * isno3h - (k60 * no + k85 * ho2) * isono3,
                k[161] * oh * isni + k[149] * oh * isnirh - (k60 * no + k85 * ho2) * isnir,
                k85 * ho2 * mvko2 - (k[148] * oh + 0.5 * loss) * mvko2h,
                k85 * ho2 * ch2cch3 - (k[146] * oh + 0.5 * loss) * ch2chr,
                k85 * ho2 * isono3 - (k[147] * oh + 0.5 * loss) * isno3h,
                k85 * ho2 * isnir - (k[149] * oh + 0.5 * loss) * isnirh,
                k85 * ho2 * maro2 - (k[149] * oh + 0.5 * loss) * maro2h,
            ],
            -1,
        )  # fmt: skip

    y0 = [1e7] * 13 + [100.0] * 53
    for species, amount in {1: 1e9, 2: 5e9, 3: 5e9, 4: 3.8e12, 5: 3.5e13, 14: 5e11, 38: 1e-3}.items():
        y0[species - 1] = amount
    breaks = [24 * hour * d + hour * h for d in days for h in (4, 20, 24)]
    return IVP(rhs=rhs, t_span=(t0, t1), y0=y0, breaks=breaks)


@hookimpl
def odebench_problems() -> list[Problem]:
    return [emep]
