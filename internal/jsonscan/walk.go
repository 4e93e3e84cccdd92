package jsonscan

// Member is one member of an object. Its Kind is Invalid after the last one.
type Member struct {
	Key     []byte // between the quotes, as written
	Escaped bool   // Key holds escapes: see Unescape
	Kind    Kind
	Start   int // index of the value's first byte
}

// ObjectWalk goes through the members of an object.
type ObjectWalk struct {
	b     []byte
	i     int
	begun bool
}

// Members starts a walk through the object whose opening brace is b[i].
func Members(b []byte, i int) ObjectWalk { return ObjectWalk{b: b, i: i + 1} }

// Next gives the next member, its value not yet judged. Before the next call the caller says with Resume where the value
// ends. A member of Kind Invalid with a nil error is the end of the object; End then gives the index after it.
func (w *ObjectWalk) Next() (Member, *Error) {
	var m Member
	b := w.b
	w.i = Space(b, w.i)
	if w.i >= len(b) {
		return m, ended(w.i)
	}
	switch c := b[w.i]; {
	case c == '}':
		w.i++
		return m, nil
	case w.begun && c == ',':
		w.i = Space(b, w.i+1)
	case w.begun:
		return m, separator(b, w.i, true)
	}
	w.begun = true
	end, escaped, err := nameText(b, w.i)
	if err != nil {
		return m, err
	}
	m.Key, m.Escaped = b[w.i+1:end-1], escaped
	if w.i, err = colon(b, end); err != nil {
		return m, err
	}
	m.Start = w.i
	if m.Kind = KindAt(b, w.i); m.Kind == Invalid {
		return m, unexpected(b, w.i)
	}
	return m, nil
}

// Resume says that the value of the last member ends before b[end].
func (w *ObjectWalk) Resume(end int) { w.i = end }

// End is the index after the object, once Next has reported its end.
func (w *ObjectWalk) End() int { return w.i }

// ArrayWalk goes through the elements of an array.
type ArrayWalk struct {
	b     []byte
	i     int
	begun bool
}

// Elements starts a walk through the array whose opening bracket is b[i].
func Elements(b []byte, i int) ArrayWalk { return ArrayWalk{b: b, i: i + 1} }

// Next gives the index and kind of the next element, its value not yet judged. Before the next call the caller says with
// Resume where the value ends. Kind Invalid with a nil error is the end of the array.
func (w *ArrayWalk) Next() (int, Kind, *Error) {
	b := w.b
	w.i = Space(b, w.i)
	if w.i >= len(b) {
		return w.i, Invalid, ended(w.i)
	}
	switch c := b[w.i]; {
	case c == ']':
		w.i++
		return w.i, Invalid, nil
	case w.begun && c == ',':
		w.i = Space(b, w.i+1)
	case w.begun:
		return w.i, Invalid, separator(b, w.i, false)
	}
	w.begun = true
	kind := KindAt(b, w.i)
	if kind == Invalid {
		return w.i, kind, unexpected(b, w.i)
	}
	return w.i, kind, nil
}

// Resume says that the last element ends before b[end].
func (w *ArrayWalk) Resume(end int) { w.i = end }

// End is the index after the array, once Next has reported its end.
func (w *ArrayWalk) End() int { return w.i }
