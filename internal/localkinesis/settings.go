package localkinesis

import (
	"maps"
	"slices"
	"time"
)

func (s *Server) increaseRetention(req *retentionRequest) (empty, error) {
	return s.setRetention(req, func(old, hours int64) error {
		if hours < old {
			return apiError(errInvalidArgument, "Requested retention period (%d hours) for a data stream must be at least the current one (%d hours).", hours, old)
		}
		return nil
	})
}

func (s *Server) decreaseRetention(req *retentionRequest) (empty, error) {
	return s.setRetention(req, func(old, hours int64) error {
		if hours > old {
			return apiError(errInvalidArgument, "Requested retention period (%d hours) for a data stream must be at most the current one (%d hours).", hours, old)
		}
		return nil
	})
}

func (s *Server) setRetention(req *retentionRequest, allowed func(old, hours int64) error) (empty, error) {
	if req.RetentionPeriodHours == nil {
		return empty{}, missing("retentionPeriodHours")
	}
	hours := *req.RetentionPeriodHours
	if hours < minRetentionHour || hours > maxRetentionHour {
		return empty{}, apiError(errInvalidArgument, "RetentionPeriodHours must be between %d and %d, not %d.", minRetentionHour, maxRetentionHour, hours)
	}
	return s.change(req.streamRef, func(st *stream) error {
		if err := allowed(int64(st.retention.Hours()), hours); err != nil {
			return err
		}
		st.retention = time.Duration(hours) * time.Hour
		return nil
	})
}

func (s *Server) updateMaxRecordSize(req *updateMaxRecordSizeRequest) (empty, error) {
	if req.MaxRecordSizeInKiB == nil {
		return empty{}, missing("maxRecordSizeInKiB")
	}
	if err := inRange("maxRecordSizeInKiB", req.MaxRecordSizeInKiB, minRecordKiB, maxRecordKiB); err != nil {
		return empty{}, err
	}
	return s.change(req.streamRef, func(st *stream) error {
		st.maxRecordKiB = *req.MaxRecordSizeInKiB
		return nil
	})
}

func (s *Server) updateStreamMode(req *updateStreamModeRequest) (empty, error) {
	if req.StreamModeDetails == nil {
		return empty{}, missing("streamModeDetails")
	}
	mode := req.StreamModeDetails.StreamMode
	if mode != modeProvisioned && mode != modeOnDemand {
		return empty{}, invalidMode(mode)
	}
	return s.change(streamRef{StreamARN: req.StreamARN}, func(st *stream) error {
		st.mode = mode
		return nil
	})
}

func (s *Server) describeLimits(*empty) (*describeLimitsAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &describeLimitsAnswer{ShardLimit: maxShards, OpenShardCount: s.openShards(), OnDemandStreamCountLimit: maxStreams}
	for _, st := range s.streams {
		if st.mode == modeOnDemand {
			out.OnDemandStreamCount++
		}
	}
	return out, nil
}

// change applies a change of settings to the stream that ref names.
func (s *Server) change(ref streamRef, apply func(*stream) error) (empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.lookup(ref)
	if err != nil {
		return empty{}, err
	}
	return empty{}, apply(st)
}

func validTags(more, had map[string]string) error {
	n := len(had)
	for k, v := range more {
		if k == "" || len(k) > 128 || len(v) > 256 {
			return apiError(errInvalidArgument, "A tag needs a key of 1 to 128 and a value of at most 256 characters: %q.", k)
		}
		if _, known := had[k]; !known {
			n++
		}
	}
	if n > maxTags {
		return apiError(errInvalidArgument, "A stream may have at most %d tags.", maxTags)
	}
	return nil
}

func (s *Server) addTags(req *tagsRequest) (empty, error) {
	return s.change(req.streamRef, func(st *stream) error {
		if err := validTags(req.Tags, st.tags); err != nil {
			return err
		}
		if st.tags == nil {
			st.tags = map[string]string{}
		}
		maps.Copy(st.tags, req.Tags)
		return nil
	})
}

func (s *Server) removeTags(req *tagsRequest) (empty, error) {
	return s.change(req.streamRef, func(st *stream) error {
		for _, k := range req.TagKeys {
			delete(st.tags, k)
		}
		return nil
	})
}

func (s *Server) listTags(req *tagsRequest) (*listTagsAnswer, error) {
	if err := inRange("limit", req.Limit, 1, maxTags); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.lookup(req.streamRef)
	if err != nil {
		return nil, err
	}
	out := &listTagsAnswer{Tags: []tagShape{}}
	for _, k := range slices.Sorted(maps.Keys(st.tags)) {
		if k <= req.ExclusiveStartTagKey && req.ExclusiveStartTagKey != "" {
			continue
		}
		if len(out.Tags) == int(orDefault(req.Limit, maxTags)) {
			out.HasMoreTags = true
			break
		}
		out.Tags = append(out.Tags, tagShape{k, st.tags[k]})
	}
	return out, nil
}
