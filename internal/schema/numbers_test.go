package schema_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/schema"
)

func bigOf(v schema.Int128) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(v.Hi), 64)
	return n.Add(n, new(big.Int).SetUint64(v.Lo))
}

func TestIntegersAreJudgedByTheirValueNotTheirNotation(t *testing.T) {
	for lit, want := range map[string]string{
		"0": "0", "-0": "0", "0.0": "0", "0e999999999999999999999": "0", "1": "1", "-1": "-1", "1.0": "1", "1e3": "1000",
		"1200E-2": "12", "1.5e1": "15", "10.50e1": "105", "0.001e3": "1", "9223372036854775807": "9223372036854775807",
		"-9223372036854775808":                     "-9223372036854775808",
		"170141183460469231731687303715884105727":  "170141183460469231731687303715884105727",
		"-170141183460469231731687303715884105728": "-170141183460469231731687303715884105728",
		"1e38": "1" + strings.Repeat("0", 38), "100000000000000000000000000000000000000.000": "1" + strings.Repeat("0", 38),
		"12345678901234567890123456789.0": "12345678901234567890123456789",
	} {
		v, ok := schema.ParseInt([]byte(lit))
		require.True(t, ok, lit)
		require.Equal(t, want, bigOf(v).String(), lit)
	}
	for _, lit := range []string{
		"1.5", "1e-1", "0.1", "170141183460469231731687303715884105728", "-170141183460469231731687303715884105729", "2e38",
		"1e39", "1e40", "1e999999999999999999999", "1e-999999999999999999999", "340282366920938463463374607431768211456",
		"99999999999999999999999999999999999999999999999999", "1" + strings.Repeat("0", 60), "1." + strings.Repeat("0", 60) + "1",
	} {
		_, ok := schema.ParseInt([]byte(lit))
		require.False(t, ok, lit)
	}
}

func TestADoubleTakesOnlyWhatItGivesBack(t *testing.T) {
	for lit, want := range map[string]float64{
		"0": 0, "0.0": 0, "0.1": 0.1, "19.99": 19.99, "1e23": 1e23, "123456789012345": 123456789012345, "9007199254740992": 1 << 53,
		"9007199254740994": 1<<53 + 2, "1e308": 1e308, "1.7976931348623157e308": math.MaxFloat64, "5e-324": 5e-324,
		"2.2250738585072014e-308": 0x1p-1022, "0.30000000000000004": 0.30000000000000004, "0.10000000000000001": 0.1, "1.10": 1.1,
		"0.1000000000000000000000000": 0.1, "0.1000000000000000055511151231257827021181583404541015625": 0.1,
		"36893488147419103232": 0x1p65, "-36893488147419103232": -0x1p65, "100000000000000000000": 1e20,
		"2.5e0": 2.5, "-2.50E-00": -2.5, "3.141592653589793116": math.Pi,
	} {
		f, ok := schema.ParseDouble([]byte(lit))
		require.True(t, ok, lit)
		require.InDelta(t, want, f, 0, lit)
	}
	f, ok := schema.ParseDouble([]byte("-0.0"))
	require.True(t, ok && f == 0 && math.Signbit(f))
	for _, lit := range []string{
		"9007199254740993", "-9007199254740993", "1e309", "-1e309", "1e-400", "4e-324", "1234567890123456789", "0.12345678901234567891",
		"9007199254740993.0", "3.14159265358979323846", "100000000000000000000000", "1" + strings.Repeat("0", 300),
		"1." + strings.Repeat("3", 800), strings.Repeat("9", 400),
	} {
		_, ok := schema.ParseDouble([]byte(lit))
		require.False(t, ok, lit)
	}
}

// FuzzNumbers compares the hand-written parsers with math/big and strconv.
func FuzzNumbers(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		f.Add(strconv.FormatFloat(r.NormFloat64()*math.Pow(10, float64(r.IntN(60)-30)), "efg"[r.IntN(3)], r.IntN(20)-1, 64))
		f.Add(strconv.FormatInt(r.Int64()>>r.IntN(64), 10) + "00"[:r.IntN(3)])
	}
	for _, lit := range []string{"1e-324", "0.0e5", "-170141183460469231731687303715884105728", "9007199254740993", "12300.0e-2"} {
		f.Add(lit)
	}
	f.Fuzz(func(t *testing.T, lit string) {
		if !isNumber(lit) {
			return
		}
		exact, ok := new(big.Rat).SetString(lit)
		if !ok {
			return
		}
		lo, hi := new(big.Int).Lsh(big.NewInt(-1), 127), new(big.Int).Lsh(big.NewInt(1), 127)
		v, isInt := schema.ParseInt([]byte(lit))
		require.Equal(t, exact.IsInt() && exact.Num().Cmp(lo) >= 0 && exact.Num().Cmp(hi) < 0, isInt, lit)
		if isInt {
			require.Equal(t, exact.Num().String(), bigOf(v).String())
			x, isExact := v.Float()
			nearest, _ := new(big.Float).SetInt(exact.Num()).Float64()
			back, _ := new(big.Float).SetFloat64(nearest).Int(nil)
			require.Equal(t, back.Cmp(exact.Num()) == 0, isExact, lit)
			if isExact {
				require.InDelta(t, nearest, x, 0)
			}
		}

		x, fits := schema.ParseDouble([]byte(lit))
		want, err := strconv.ParseFloat(lit, 64)
		significant := significantDigits(lit)
		switch {
		case err != nil || want == 0 && significant != "":
			require.False(t, fits, lit)
			return
		case !strings.ContainsAny(lit, ".eE"):
			require.Equal(t, new(big.Rat).SetFloat64(want).Cmp(exact) == 0, fits, lit)
		case significant == "":
			require.True(t, fits, lit)
		default:
			require.Equal(t, significantDigits(strconv.FormatFloat(want, 'e', len(significant)-1, 64)) == significant, fits, lit)
		}
		if fits {
			require.InDelta(t, want, x, 0, lit)
		}
	})
}

// isNumber is the grammar of RFC 8259, with an exponent small enough for math/big.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	mantissa, exponent, hasExponent := strings.Cut(strings.ToLower(s), "e")
	whole, fraction, hasFraction := strings.Cut(mantissa, ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	if hasExponent && strings.HasPrefix(exponent, "+") {
		exponent = exponent[1:]
	}
	return digits(whole) && (len(whole) == 1 || whole[0] != '0') && (!hasFraction || digits(fraction)) &&
		(!hasExponent || digits(strings.TrimPrefix(exponent, "-")) && len(exponent) <= 4)
}

func significantDigits(lit string) string {
	mantissa, _, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(lit, "-")), "e")
	return strings.Trim(strings.Replace(mantissa, ".", "", 1), "0")
}
