package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
)

type dataView struct {
	Frames      []frameView `json:"frames"`
	Error       string      `json:"error"`
	Status      int32       `json:"status"`
	ErrorSource string      `json:"errorSource"`
}

type talkView struct {
	Health  string              `json:"health"`
	Message string              `json:"message"`
	Details string              `json:"details"`
	Metrics string              `json:"metrics"`
	Data    map[string]dataView `json:"data"`
	// Resource bodies by path.
	Resources map[string]string `json:"resources"`
	Ping      string            `json:"ping"`
	// Status names of Stream calls, and the first packet of the live channel, when there is one.
	Subscribe map[string]string `json:"subscribe"`
	Packet    string            `json:"packet"`
}

// The documents that are asked: one good, one empty, one bad, one with a live channel.
var documents = map[string]string{
	"A": `{"queryType":"promql","expr":"queue_bytes","legendFormat":"{{venue}}"}`,
	"B": `{"queryType":"promql","expr":"nothing","instant":true}`,
	"C": `{"queryType":"promql","expr":"sum("}`,
	"D": `{"queryType":"slippage"}`,
	"E": `{"queryType":"promql","expr":"queue_bytes","streaming":true}`,
}

// Grafana's handshake and plugin set (pkg/plugins/backendplugin/grpcplugin).
func newClient(locator string) *plugin.Client {
	return plugin.NewClient(&plugin.ClientConfig{
		Cmd: exec.Command(locator),
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  grpcplugin.ProtocolVersion,
			MagicCookieKey:   grpcplugin.MagicCookieKey,
			MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{
			grpcplugin.ProtocolVersion: {
				"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
				"resource":    &grpcplugin.ResourceGRPCPlugin{},
				"data":        &grpcplugin.DataGRPCPlugin{},
				"stream":      &grpcplugin.StreamGRPCPlugin{},
			},
		},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.New(&hclog.LoggerOptions{Output: io.Discard}),
	})
}

func talk(locator, token string) (*talkView, error) {
	client := newClient(locator)
	defer client.Kill()
	rpc, err := client.Client()
	if err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	view := &talkView{Ping: "ok", Data: map[string]dataView{}, Resources: map[string]string{}, Subscribe: map[string]string{}}
	if err := rpc.Ping(); err != nil {
		view.Ping = err.Error()
	}
	pluginContext := &pluginv2.PluginContext{
		OrgId:                      1,
		PluginId:                   "tapewatch-trading-datasource",
		DataSourceInstanceSettings: &pluginv2.DataSourceInstanceSettings{Uid: "tapewatch", JsonData: []byte(`{}`)},
	}
	if token != "" {
		pluginContext.DataSourceInstanceSettings.DecryptedSecureJsonData = map[string]string{"token": token}
	}
	for _, step := range []func(context.Context, plugin.ClientProtocol, *pluginv2.PluginContext, *talkView) error{
		diagnose, query, resources, stream,
	} {
		if err := step(ctx, rpc, pluginContext, view); err != nil {
			return nil, err
		}
	}
	return view, nil
}

func diagnose(ctx context.Context, rpc plugin.ClientProtocol, pc *pluginv2.PluginContext, view *talkView) error {
	raw, err := rpc.Dispense("diagnostics")
	if err != nil {
		return err
	}
	diagnostics := raw.(grpcplugin.DiagnosticsClient)
	health, err := diagnostics.CheckHealth(ctx, &pluginv2.CheckHealthRequest{PluginContext: pc})
	if err != nil {
		return fmt.Errorf("CheckHealth: %w", err)
	}
	view.Health, view.Message, view.Details = health.Status.String(), health.Message, string(health.JsonDetails)
	metrics, err := diagnostics.CollectMetrics(ctx, &pluginv2.CollectMetricsRequest{PluginContext: pc})
	if err != nil {
		return fmt.Errorf("CollectMetrics: %w", err)
	}
	view.Metrics = string(metrics.Metrics.Prometheus)
	return nil
}

func query(ctx context.Context, rpc plugin.ClientProtocol, pc *pluginv2.PluginContext, view *talkView) error {
	raw, err := rpc.Dispense("data")
	if err != nil {
		return err
	}
	request := &pluginv2.QueryDataRequest{PluginContext: pc}
	now := time.Now().UnixMilli()
	for refID, document := range documents {
		timeRange := &pluginv2.TimeRange{FromEpochMS: 1767607200000, ToEpochMS: 1767607230000}
		if refID == "E" {
			timeRange = &pluginv2.TimeRange{FromEpochMS: now - 30000, ToEpochMS: now}
		}
		request.Queries = append(request.Queries, &pluginv2.DataQuery{
			RefId: refID, MaxDataPoints: 100, IntervalMS: 1000, TimeRange: timeRange, Json: []byte(document),
		})
	}
	response, err := raw.(grpcplugin.DataClient).QueryData(ctx, request)
	if err != nil {
		return fmt.Errorf("QueryData: %w", err)
	}
	for refID, answer := range response.Responses {
		frames, err := data.UnmarshalArrowFrames(answer.Frames)
		if err != nil {
			return fmt.Errorf("frames of %s: %w", refID, err)
		}
		views := []frameView{}
		for _, frame := range frames {
			views = append(views, viewOf(frame))
		}
		view.Data[refID] = dataView{Frames: views, Error: answer.Error, Status: answer.Status, ErrorSource: answer.ErrorSource}
	}
	return nil
}

func resources(ctx context.Context, rpc plugin.ClientProtocol, pc *pluginv2.PluginContext, view *talkView) error {
	raw, err := rpc.Dispense("resource")
	if err != nil {
		return err
	}
	for _, path := range []string{"version", "label-values?name=venue", "nowhere"} {
		bare, _, _ := strings.Cut(path, "?")
		request := &pluginv2.CallResourceRequest{PluginContext: pc, Path: bare, Method: "GET", Url: path}
		answers, err := raw.(grpcplugin.ResourceClient).CallResource(ctx, request)
		if err != nil {
			return err
		}
		answer, err := answers.Recv()
		if err != nil {
			return fmt.Errorf("CallResource %s: %w", path, err)
		}
		view.Resources[path] = fmt.Sprintf("%d %s", answer.Code, answer.Body)
	}
	return nil
}

func stream(ctx context.Context, rpc plugin.ClientProtocol, pc *pluginv2.PluginContext, view *talkView) error {
	raw, err := rpc.Dispense("stream")
	if err != nil {
		return err
	}
	client := raw.(grpcplugin.StreamClient)
	known := ""
	if frames := view.Data["E"].Frames; len(frames) > 0 {
		known = strings.TrimPrefix(frames[0].Meta.Channel, "ds/tapewatch/")
	}
	for name, path := range map[string]string{"known": known, "unknown": "promql/0/0"} {
		answer, err := client.SubscribeStream(ctx, &pluginv2.SubscribeStreamRequest{PluginContext: pc, Path: path})
		if err != nil {
			return fmt.Errorf("SubscribeStream: %w", err)
		}
		view.Subscribe[name] = answer.Status.String()
	}
	published, err := client.PublishStream(ctx, &pluginv2.PublishStreamRequest{PluginContext: pc, Path: known})
	if err != nil {
		return fmt.Errorf("PublishStream: %w", err)
	}
	view.Subscribe["publish"] = published.Status.String()
	if known == "" {
		return nil
	}
	packets, err := client.RunStream(ctx, &pluginv2.RunStreamRequest{PluginContext: pc, Path: known})
	if err != nil {
		return err
	}
	packet, err := packets.Recv()
	if err != nil {
		return fmt.Errorf("RunStream: %w", err)
	}
	view.Packet = string(packet.Data)
	return nil
}
