package page

import (
	"strings"
	"testing"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

func TestPageAfterNoToken(t *testing.T) {
	if got, err := After[int32](&tvstatsv1.ListTariffsRequest{ClientId: 1}); got != nil || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestPageOfLargeItemsEndsEarly(t *testing.T) {
	request := &tvstatsv1.ListTariffsRequest{ClientId: 1}
	name := strings.Repeat("x", MaxBytes/2-100)
	tariff := func(id int32) *tvstatsv1.Tariff { return &tvstatsv1.Tariff{TariffId: id, Name: name} }
	page, next := Of(10, []int32{1, 2, 3}, tariff, func(id int32) int32 { return id })
	if len(page) != 2 {
		t.Fatalf("got %d items", len(page))
	}
	request.PageToken = next
	if after, err := After[int32](request); err != nil || *after != 2 {
		t.Errorf("got %v, %v, want to go on after 2", after, err)
	}
	name = strings.Repeat("x", 2*MaxBytes)
	if page, _ := Of(10, []int32{1, 2}, tariff, func(id int32) int32 { return id }); len(page) != 1 {
		t.Errorf("got %d items of more than a page each", len(page))
	}
}
