// Values as text the way CockroachDB writes them, where PostgreSQL writes them in another way.
package main

import (
	"bytes"
	"strconv"

	"github.com/cockroachdb/apd/v3"
	"github.com/cockroachdb/cockroachdb-parser/pkg/util/json"
)

// form rewords one value; it returns the value itself where both agree.
type form func([]byte) []byte

const (
	oidJSON       = 114
	oidJSONArray  = 199
	oidJSONB      = 3802
	oidJSONBArray = 3807
)

// formOf returns nil for a type that both write alike.
func formOf(oid int) form {
	switch oid {
	case 700:
		return func(v []byte) []byte { return floatForm(v, 32) }
	case 701:
		return func(v []byte) []byte { return floatForm(v, 64) }
	case 1700:
		return numericForm
	case oidJSON, oidJSONB:
		return jsonForm
	case 1021, 1022, 1231, oidJSONArray, oidJSONBArray:
		element := formOf(map[int]int{1021: 700, 1022: 701, 1231: 1700, oidJSONArray: oidJSON, oidJSONBArray: oidJSONB}[oid])
		return func(v []byte) []byte { return arrayForm(v, element) }
	}
	return nil
}

// floatForm: with an exponent from 1e+06 on.
func floatForm(v []byte, bits int) []byte {
	x, err := strconv.ParseFloat(string(v), bits)
	if err != nil || len(v) > 0 && (v[len(v)-1] == 'y' || v[len(v)-1] == 'N') {
		return v // Infinity, NaN
	}
	return strconv.AppendFloat(nil, x, 'g', -1, bits)
}

// numericForm: with an exponent below 1e-6.
func numericForm(v []byte) []byte {
	if !bytes.Contains(v, []byte(".000000")) {
		return v
	}
	d, _, err := apd.NewFromString(string(v))
	if err != nil {
		return v
	}
	return []byte(d.String())
}

func jsonForm(v []byte) []byte {
	parsed, err := json.ParseJSON(string(v))
	if err != nil {
		return v
	}
	var out bytes.Buffer
	parsed.Format(&out)
	return out.Bytes()
}

// arrayForm takes an array of one dimension apart. Quotes stay where they were: of these types only JSON needs them.
func arrayForm(v []byte, element form) []byte {
	if len(v) < 3 || v[0] != '{' {
		return v
	}
	out := append(make([]byte, 0, len(v)+16), '{')
	for at := 1; at < len(v); at++ {
		quoted := v[at] == '"'
		var value []byte
		if quoted {
			for at++; at < len(v) && v[at] != '"'; at++ {
				if v[at] == '\\' {
					at++
				}
				if at < len(v) {
					value = append(value, v[at])
				}
			}
			at++
		} else {
			for ; at < len(v) && v[at] != ',' && v[at] != '}'; at++ {
				value = append(value, v[at])
			}
		}
		if quoted || !bytes.Equal(value, []byte("NULL")) {
			value = element(value)
		}
		if quoted {
			out = append(out, '"')
			for _, c := range value {
				if c == '"' || c == '\\' {
					out = append(out, '\\')
				}
				out = append(out, c)
			}
			out = append(out, '"')
		} else {
			out = append(out, value...)
		}
		if at >= len(v) {
			return v
		}
		out = append(out, v[at])
	}
	return out
}
