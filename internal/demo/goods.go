package demo

import (
	"math"
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"
)

// product is one thing on sale, with the parts of its events that never change.
type product struct {
	name, category string
	cents          int
	path           string // of its page
	query          string // what people type to find it
	prefix         string // its JSON up to the price
}

// products are on sale, the most popular first.
var products = stock([]product{
	{name: "Espresso Machine", category: "kitchen", cents: 34900},
	{name: "Wireless Earbuds", category: "electronics", cents: 8990},
	{name: "Trail Running Shoes", category: "sports", cents: 12995},
	{name: "Linen Shirt", category: "fashion", cents: 5990},
	{name: "Burr Grinder", category: "kitchen", cents: 14900},
	{name: "Mechanical Keyboard", category: "electronics", cents: 13900},
	{name: "Yoga Mat", category: "sports", cents: 3450},
	{name: "Floor Lamp", category: "home", cents: 9900},
	{name: "The Long Way Home", category: "books", cents: 1499},
	{name: "Chef's Knife", category: "kitchen", cents: 7990},
	{name: "Denim Jacket", category: "fashion", cents: 8950},
	{name: "Portable Charger", category: "electronics", cents: 3999},
	{name: "Wool Blanket", category: "home", cents: 6490},
	{name: "Bread for Beginners", category: "books", cents: 2490},
	{name: "Climbing Harness", category: "sports", cents: 6995},
	{name: "Noise Cancelling Headphones", category: "electronics", cents: 29900},
	{name: "Cast Iron Pan", category: "kitchen", cents: 4990},
	{name: "Leather Boots", category: "fashion", cents: 15900},
	{name: "Desk Organizer", category: "home", cents: 2790},
	{name: "Atlas of Rivers", category: "books", cents: 3990},
	{name: "Smart Watch", category: "electronics", cents: 24900},
	{name: "Camping Stove", category: "sports", cents: 5490},
	{name: "Canvas Backpack", category: "fashion", cents: 7490},
	{name: "Ceramic Vase", category: "home", cents: 3290},
	{name: "Electric Kettle", category: "kitchen", cents: 5900},
	{name: "A Short History of Salt", category: "books", cents: 1299},
	{name: "Mirrorless Camera", category: "electronics", cents: 119900},
	{name: "Foam Roller", category: "sports", cents: 2490},
	{name: "Merino Socks", category: "fashion", cents: 1690},
	{name: "Oak Bookshelf", category: "home", cents: 22900},
	{name: "Pasta Maker", category: "kitchen", cents: 6990},
	{name: "The Night Gardener", category: "books", cents: 1699},
	{name: "USB Microphone", category: "electronics", cents: 9900},
	{name: "Road Bike Helmet", category: "sports", cents: 8990},
	{name: "Rain Coat", category: "fashion", cents: 11900},
	{name: "Bath Towels", category: "home", cents: 3990},
	{name: "Salad Spinner", category: "kitchen", cents: 2490},
	{name: "Maps of Nowhere", category: "books", cents: 2990},
	{name: "Silk Scarf", category: "fashion", cents: 4990},
	{name: "Wall Clock", category: "home", cents: 4490},
})

func stock(goods []product) []product {
	for i := range goods {
		p := &goods[i]
		words := strings.ToLower(strings.ReplaceAll(p.name, "'", ""))
		p.path = "p/" + strings.ReplaceAll(words, " ", "-")
		p.query = words[strings.LastIndexByte(words, ' ')+1:]
		p.prefix = `{"id":` + strconv.Itoa(1001+i) + `,"name":"` + p.name + `","category":"` + p.category + `","price":`
	}
	return goods
}

const onePage = "one_page"

// What visitors bring along and where they go, with weights as one sees them in shops.
var (
	popularity = zipf(len(products), 0.9)
	devices    = choose("mobile", 58, "desktop", 36, "tablet", 6)
	countries  = choose("DE", 24, "US", 21, "GB", 12, "FR", 11, "NL", 8, "AT", 6, "CH", 5, "ES", 4, "IT", 4, "PL", 3, "SE", 2)
	referrers  = choose("", 30, "https://www.google.com/", 38, "https://www.instagram.com/", 12, "https://newsletter.example/",
		9, "https://duckduckgo.com/", 5, "https://www.reddit.com/", 4, "https://t.co/", 2)
	pages = choose("", 30, "c/electronics", 17, "c/kitchen", 15, "c/fashion", 13, "c/sports", 10, "c/home", 8, "c/books", 5,
		"about/shipping", 2)
	experiments = choose("control", 50, onePage, 50)
)

// weights draws indexes by cumulative weight.
type weights []float64

func (w weights) index(r *rand.Rand) int {
	return sort.SearchFloat64s(w, r.Float64()*w[len(w)-1])
}

// zipf weighs n ranks by Zipf's law with the given exponent.
func zipf(n int, exponent float64) weights {
	w := make(weights, n)
	sum := 0.0
	for i := range w {
		sum += math.Pow(float64(i+1), -exponent)
		w[i] = sum
	}
	return w
}

// choice draws texts by weight.
type choice struct {
	texts []string
	weights
}

// choose makes a choice of pairs of text and weight.
func choose(pairs ...any) choice {
	var c choice
	sum := 0
	for i := 0; i < len(pairs); i += 2 {
		sum += pairs[i+1].(int)
		c.texts = append(c.texts, pairs[i].(string))
		c.weights = append(c.weights, float64(sum))
	}
	return c
}

func (c choice) pick(r *rand.Rand) string { return c.texts[c.index(r)] }
