package demo

import "strconv"

// The types of events.
const (
	pageView    = "page_view"
	search      = "search"
	productView = "product_view"
	addToCart   = "add_to_cart"
	checkout    = "checkout"
	purchase    = "purchase"
)

// stage is where in the shop a visitor is: it decides what may come next.
type stage int

const (
	arriving stage = iota
	browsing       // on a page or among search results
	looking        // at a product
	filling        // has just put something into the cart
	paying         // at the checkout
	left
)

// visitor is somebody who may come more than once.
type visitor struct {
	id, device, country string
	member              bool
}

// session is one visit.
type session struct {
	id         string
	visitor    visitor
	referrer   string // "" for who came by typing the address
	experiment string
	stage      stage
	page       string // path of the page last viewed
	product    int    // the one last viewed, searched for or bought
	quantity   int
	cart       int // cents
}

// arrive lets a visitor in, new or known.
func (s *Storefront) arrive() session {
	return session{
		id:         string(s.appendUUID(nil)),
		visitor:    s.someone(),
		referrer:   referrers.pick(s.rand),
		experiment: experiments.pick(s.rand),
		quantity:   1,
	}
}

func (s *Storefront) someone() visitor {
	if len(s.known) > 0 && s.rand.IntN(returnOneIn) == 0 {
		return s.known[s.rand.IntN(len(s.known))]
	}
	v := visitor{
		id:      "v-" + strconv.FormatUint(s.rand.Uint64()|1<<63, 36),
		device:  devices.pick(s.rand),
		country: countries.pick(s.rand),
		member:  s.rand.IntN(5) == 0,
	}
	if len(s.known) < knownVisitors {
		s.known = append(s.known, v)
	} else {
		s.known[s.rand.IntN(len(s.known))] = v
	}
	return v
}

// advance makes a session's next step and gives the type of its event. Whether the visitor leaves is decided after the
// step, so that a step always has an event. The shares are tuned so that about 3 % of sessions buy.
func (s *Storefront) advance(visit *session) string {
	chance := s.rand.Float64()
	event := pageView
	switch visit.stage {
	case arriving:
		if chance < 0.4 {
			event = productView
		}
	case browsing:
		if chance < 0.55 {
			event = productView
		} else if chance < 0.75 {
			event = search
		}
	case looking:
		if chance < 0.12 {
			event = addToCart
		} else if chance < 0.62 {
			event = productView
		} else if chance < 0.75 {
			event = search
		}
	case filling:
		if chance < 0.45 {
			event = checkout
		} else if chance < 0.85 {
			event = productView
		}
	case paying:
		// The experiment is worth running: one page sells more than three.
		if chance < 0.5 || visit.experiment == onePage && chance < 0.62 {
			event = purchase
		}
	case left: // makes no step: visit lets somebody new in
	}
	s.step(visit, event)
	return event
}

// step moves a session to where the event takes it, or out of the shop.
func (s *Storefront) step(visit *session, event string) {
	leave := 0.25
	switch event {
	case pageView:
		visit.stage, visit.page = browsing, pages.pick(s.rand)
	case search:
		visit.stage, visit.product = browsing, popularity.index(s.rand)
		leave = 0.15
	case productView:
		visit.stage, visit.product, visit.quantity = looking, popularity.index(s.rand), 1
	case addToCart:
		visit.stage, visit.quantity = filling, 1+int(s.rand.ExpFloat64()*0.7)
		visit.cart += visit.quantity * products[visit.product].cents
		leave = 0.2
	case checkout:
		visit.stage, leave = paying, 0.15
	case purchase:
		leave = 1
	}
	if s.rand.Float64() < leave {
		visit.stage = left
	}
}
