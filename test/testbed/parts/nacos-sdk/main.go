// nacos-sdk is an observer for tests: the official Go SDK of Nacos behind standard input and output. It reads one JSON
// command a line and writes one JSON answer a line, {"id":1,"ok":true,...} or {"id":1,"error":"..."}, and an
// {"event":...} line for each push. What it sees is what an application with the official client sees.
//
//	{"id":1,"op":"publish","group":"G","dataId":"D","content":"..."}                 with "casMd5" it is a CAS
//	{"id":2,"op":"get","group":"G","dataId":"D"}           -> "content", empty when absent
//	{"id":3,"op":"remove","group":"G","dataId":"D"}
//	{"id":4,"op":"listen","group":"G","dataId":"D"}        -> then {"event":"config","group","dataId","content"}
//	{"id":5,"op":"unlisten","group":"G","dataId":"D"}
//	{"id":6,"op":"register","group":"G","service":"S","ip":"10.0.0.1","port":80}     an ephemeral instance of its own
//	{"id":7,"op":"batch","group":"G","service":"S","instances":[{"ip":"10.0.0.1","port":80},...]}
//	{"id":8,"op":"deregister","group":"G","service":"S","ip":"10.0.0.1","port":80}
//	{"id":9,"op":"subscribe","group":"G","service":"S"}    -> then {"event":"hosts","group","service","ns","hosts":[...]}
//	{"id":10,"op":"unsubscribe","group":"G","service":"S"}
//	{"id":11,"op":"instances","group":"G","service":"S"}   -> "hosts"
//	{"id":12,"op":"services","group":"G","pageNo":1,"pageSize":10}                   -> "services", "count"
//
// An instance may also have "weight", "unhealthy", "disabled", "clusterName", "metadata" and "persistent".
// "hosts" comes for each list that differs from the one before it, empty ones included; ns is the time in nanoseconds
// since the epoch at which the SDK told of it.
//
// It ends when its input ends. The password comes in NACOS_PASSWORD, so that no process list shows it.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"log"
	"os"
	"sync"
	"time"

	"github.com/nacos-group/nacos-sdk-go/v2/clients"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/config_client"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/v2/common/constant"
	"github.com/nacos-group/nacos-sdk-go/v2/model"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

// maxLineBytes is above what a server accepts as one config.
const maxLineBytes = 32 << 20

type command struct {
	ID        int        `json:"id"`
	Op        string     `json:"op"`
	Group     string     `json:"group"`
	DataID    string     `json:"dataId"`
	Content   string     `json:"content"`
	CasMd5    string     `json:"casMd5"`
	Service   string     `json:"service"`
	Instances []instance `json:"instances"`
	PageNo    uint32     `json:"pageNo"`
	PageSize  uint32     `json:"pageSize"`
	instance
}

// instance is one that is registered: what is left out is healthy, enabled, ephemeral, of weight 1.
type instance struct {
	IP          string            `json:"ip"`
	Port        uint64            `json:"port"`
	Weight      *float64          `json:"weight"`
	Unhealthy   bool              `json:"unhealthy"`
	Disabled    bool              `json:"disabled"`
	ClusterName string            `json:"clusterName"`
	Metadata    map[string]string `json:"metadata"`
	Persistent  bool              `json:"persistent"`
}

type answer struct {
	ID    int    `json:"id"`
	OK    bool   `json:"ok,omitempty"`
	Error string `json:"error,omitempty"`
	result
}

// result is what reads answer.
type result struct {
	Content  *string   `json:"content,omitempty"`
	Hosts    *[]host   `json:"hosts,omitempty"`
	Services *[]string `json:"services,omitempty"`
	Count    *int64    `json:"count,omitempty"`
}

type event struct {
	Event   string `json:"event"`
	Group   string `json:"group"`
	DataID  string `json:"dataId"`
	Content string `json:"content"`
}

type hostsEvent struct {
	Event   string `json:"event"`
	Group   string `json:"group"`
	Service string `json:"service"`
	NS      int64  `json:"ns"`
	Hosts   []host `json:"hosts"`
}

type host struct {
	IP          string            `json:"ip"`
	Port        uint64            `json:"port"`
	Weight      float64           `json:"weight"`
	Healthy     bool              `json:"healthy"`
	Enabled     bool              `json:"enabled"`
	ClusterName string            `json:"clusterName"`
	Metadata    map[string]string `json:"metadata"`
}

// sdk holds the two clients of the SDK; each has a connection of its own, so the one for naming waits for its first use.
type sdk struct {
	configs config_client.IConfigClient
	naming  func() (naming_client.INamingClient, error)
	// subscriptions holds *vo.SubscribeParam by group and service: the SDK knows a callback by its address.
	subscriptions sync.Map
}

// output writes one JSON value a line; pushes and answers come from several goroutines.
type output struct {
	mutex   sync.Mutex
	encoder *json.Encoder
}

func (o *output) write(value any) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if err := o.encoder.Encode(value); err != nil {
		log.Fatal(err)
	}
}

func main() {
	host := flag.String("host", "127.0.0.1", "address of the Nacos server")
	port := flag.Uint64("port", 8848, "its HTTP port; gRPC is at +1000")
	namespace := flag.String("namespace", "", "namespace id; empty is the public one")
	username := flag.String("username", "nacos", "user to log in as; the password is read from NACOS_PASSWORD")
	dir := flag.String("dir", os.TempDir(), "folder of the SDK's log and cache")
	flag.Parse()

	param := vo.NacosClientParam{
		ServerConfigs: []constant.ServerConfig{*constant.NewServerConfig(*host, *port)},
		ClientConfig: constant.NewClientConfig(
			constant.WithNamespaceId(*namespace),
			constant.WithUsername(*username),
			constant.WithPassword(os.Getenv("NACOS_PASSWORD")),
			constant.WithLogDir(*dir+"/log"),
			constant.WithCacheDir(*dir+"/cache"),
			constant.WithLogLevel("warn"),
			// An observer that answers from its disk would hide what the server lost.
			constant.WithNotLoadCacheAtStart(true),
			constant.WithDisableUseSnapShot(true),
			constant.WithUpdateCacheWhenEmpty(true),
		),
	}
	configs, err := clients.NewConfigClient(param)
	if err != nil {
		log.Fatal(err)
	}

	client := &sdk{configs: configs, naming: sync.OnceValues(func() (naming_client.INamingClient, error) {
		return clients.NewNamingClient(param)
	})}
	out := &output{encoder: json.NewEncoder(os.Stdout)}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 0, 64<<10), maxLineBytes)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			log.Fatalf("not a command: %v", err)
		}
		// The SDK blocks; commands run beside each other so that a slow one holds up nothing.
		go func() { out.write(client.run(out, c)) }()
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

func (s *sdk) run(out *output, c command) answer {
	ok, found, err := true, result{}, error(nil)
	switch c.Op {
	case "publish", "get", "remove", "listen", "unlisten":
		ok, found, err = s.runConfig(out, c)
	case "register", "batch", "deregister", "subscribe", "unsubscribe", "instances", "services":
		ok, found, err = s.runNaming(out, c)
	default:
		return answer{ID: c.ID, Error: "unknown op " + c.Op}
	}
	if err != nil {
		return answer{ID: c.ID, Error: err.Error()}
	}
	if !ok {
		return answer{ID: c.ID, Error: "the server refused"}
	}
	return answer{ID: c.ID, OK: true, result: found}
}

func (s *sdk) runConfig(out *output, c command) (bool, result, error) {
	param := vo.ConfigParam{Group: c.Group, DataId: c.DataID, Content: c.Content, CasMd5: c.CasMd5}
	switch c.Op {
	case "publish":
		ok, err := s.configs.PublishConfig(param)
		return ok, result{}, err
	case "get":
		text, err := s.configs.GetConfig(param)
		return true, result{Content: &text}, err
	case "remove":
		ok, err := s.configs.DeleteConfig(param)
		return ok, result{}, err
	case "unlisten":
		return true, result{}, s.configs.CancelListenConfig(param)
	default:
		param.OnChange = func(_, group, dataID, content string) {
			out.write(event{Event: "config", Group: group, DataID: dataID, Content: content})
		}
		return true, result{}, s.configs.ListenConfig(param)
	}
}

func (s *sdk) runNaming(out *output, c command) (bool, result, error) {
	naming, err := s.naming()
	if err != nil {
		return false, result{}, err
	}
	switch c.Op {
	case "register":
		ok, err := naming.RegisterInstance(registration(c, c.instance))
		return ok, result{}, err
	case "batch":
		batch := vo.BatchRegisterInstanceParam{ServiceName: c.Service, GroupName: c.Group}
		for _, one := range c.Instances {
			batch.Instances = append(batch.Instances, registration(c, one))
		}
		ok, err := naming.BatchRegisterInstance(batch)
		return ok, result{}, err
	case "deregister":
		ok, err := naming.DeregisterInstance(vo.DeregisterInstanceParam{
			ServiceName: c.Service, GroupName: c.Group, Ip: c.IP, Port: c.Port, Cluster: c.ClusterName,
			Ephemeral: !c.Persistent,
		})
		return ok, result{}, err
	case "instances":
		instances, err := naming.SelectAllInstances(vo.SelectAllInstancesParam{ServiceName: c.Service, GroupName: c.Group})
		hosts := hostsOf(instances)
		return true, result{Hosts: &hosts}, err
	case "services":
		list, err := naming.GetAllServicesInfo(vo.GetAllServiceInfoParam{
			GroupName: c.Group, PageNo: c.PageNo, PageSize: c.PageSize,
		})
		return true, result{Services: &list.Doms, Count: &list.Count}, err
	case "unsubscribe":
		param, ok := s.subscriptions.LoadAndDelete(c.Group + "@@" + c.Service)
		if !ok {
			return false, result{}, errors.New("not subscribed")
		}
		return true, result{}, naming.Unsubscribe(param.(*vo.SubscribeParam))
	default:
		param := &vo.SubscribeParam{
			ServiceName: c.Service, GroupName: c.Group,
			SubscribeCallback: func(instances []model.Instance, _ error) {
				out.write(hostsEvent{"hosts", c.Group, c.Service, time.Now().UnixNano(), hostsOf(instances)})
			},
		}
		s.subscriptions.Store(c.Group+"@@"+c.Service, param)
		return true, result{}, naming.Subscribe(param)
	}
}

func registration(c command, i instance) vo.RegisterInstanceParam {
	weight := 1.0
	if i.Weight != nil {
		weight = *i.Weight
	}
	return vo.RegisterInstanceParam{
		ServiceName: c.Service, GroupName: c.Group, ClusterName: i.ClusterName, Ip: i.IP, Port: i.Port,
		Weight: weight, Healthy: !i.Unhealthy, Enable: !i.Disabled, Metadata: i.Metadata, Ephemeral: !i.Persistent,
	}
}

func hostsOf(instances []model.Instance) []host {
	hosts := make([]host, 0, len(instances))
	for _, i := range instances {
		hosts = append(hosts, host{i.Ip, i.Port, i.Weight, i.Healthy, i.Enable, i.ClusterName, i.Metadata})
	}
	return hosts
}
