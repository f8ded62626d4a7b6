package main

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

type frameView struct {
	Name   string          `json:"name"`
	RefID  string          `json:"refId"`
	Meta   *data.FrameMeta `json:"meta"`
	Fields []fieldView     `json:"fields"`
}

type fieldView struct {
	Name   string            `json:"name"`
	Type   string            `json:"type"`
	Labels data.Labels       `json:"labels"`
	Config *data.FieldConfig `json:"config"`
	// Times as decimal nanoseconds, and what JSON cannot carry as text.
	Values []any `json:"values"`
}

func decodeFolder(folder string) (map[string]frameView, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.arrow"))
	if err != nil {
		return nil, err
	}
	views := map[string]frameView{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		frame, err := data.UnmarshalArrowFrame(raw)
		if err != nil {
			return nil, err
		}
		views[filepath.Base(path)] = viewOf(frame)
	}
	return views, nil
}

func viewOf(frame *data.Frame) frameView {
	view := frameView{Name: frame.Name, RefID: frame.RefID, Meta: frame.Meta, Fields: []fieldView{}}
	for _, field := range frame.Fields {
		values := make([]any, field.Len())
		for row := range values {
			values[row] = plain(field, row)
		}
		view.Fields = append(view.Fields, fieldView{
			Name: field.Name, Type: field.Type().String(), Labels: field.Labels, Config: field.Config, Values: values,
		})
	}
	return view
}

func plain(field *data.Field, row int) any {
	value, ok := field.ConcreteAt(row)
	if !ok {
		return nil
	}
	switch v := value.(type) {
	case time.Time:
		return strconv.FormatInt(v.UnixNano(), 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
	}
	return value
}
