package com.alibaba.nacos.testbed;

import com.alibaba.nacos.auth.annotation.Secured;
import com.alibaba.nacos.core.cluster.health.ModuleHealthCheckerHolder;
import com.alibaba.nacos.core.code.ControllerMethodsCache;
import com.alibaba.nacos.core.service.NamespaceOperationService;
import com.alibaba.nacos.plugin.auth.constant.ActionTypes;
import com.alibaba.nacos.plugin.auth.constant.SignType;
import com.alibaba.nacos.sys.filter.NacosTypeExcludeFilter;
import java.util.Map;
import java.util.UUID;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.servlet.ServletComponentScan;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.FilterType;
import org.springframework.http.ResponseEntity;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Starts a standalone Nacos 2.x server from plain jars; supplies the few console endpoints that no published jar has. */
@EnableAutoConfiguration
@EnableScheduling
@ServletComponentScan("com.alibaba.nacos")
@ComponentScan(basePackages = "com.alibaba.nacos",
    excludeFilters = @ComponentScan.Filter(type = FilterType.CUSTOM, classes = NacosTypeExcludeFilter.class))
public class NacosLauncher {
    public static void main(String[] args) {
        SpringApplication app = new SpringApplication(NacosLauncher.class);
        app.setBannerMode(Banner.Mode.OFF);
        app.run(args).getBean(ControllerMethodsCache.class);
        System.out.println("NACOS-LAUNCHER-READY");
    }

    @RestController
    @org.springframework.web.bind.annotation.RequestMapping("/v1/console")
    public static class ConsoleSubset {
        private static final String RESOURCE = "console/namespaces";
        private final NamespaceOperationService namespaces;

        public ConsoleSubset(NamespaceOperationService namespaces, ControllerMethodsCache cache) {
            this.namespaces = namespaces;
            cache.initClassMethod("com.alibaba.nacos.core.controller");
            cache.initClassMethod("com.alibaba.nacos.naming.controllers");
            cache.initClassMethod("com.alibaba.nacos.config.server.controller");
            cache.initClassMethod(java.util.Collections.singleton(ConsoleSubset.class));
        }

        @GetMapping("/health/readiness")
        public ResponseEntity<String> readiness() {
            var r = ModuleHealthCheckerHolder.getInstance().checkReadiness();
            return ResponseEntity.status(r.isSuccess() ? 200 : 500).body(r.isSuccess() ? "OK" : r.getResultMessage());
        }

        @GetMapping("/server/state")
        public Map<String, String> state() {
            return Map.of("version", com.alibaba.nacos.sys.utils.ApplicationUtils.class.getPackage().getName().isEmpty() ? "" : com.alibaba.nacos.common.utils.VersionUtils.version, "standalone_mode", "standalone");
        }

        @GetMapping("/namespaces")
        public Map<String, Object> list() {
            return Map.of("code", 200, "data", namespaces.getNamespaceList());
        }

        @PostMapping("/namespaces")
        @Secured(resource = RESOURCE, action = ActionTypes.WRITE, signType = SignType.CONSOLE)
        public boolean create(@RequestParam(value = "customNamespaceId", required = false) String id,
                @RequestParam String namespaceName, @RequestParam(required = false) String namespaceDesc) throws Exception {
            return namespaces.createNamespace(id == null || id.isEmpty() ? UUID.randomUUID().toString() : id, namespaceName, namespaceDesc);
        }

        @DeleteMapping("/namespaces")
        @Secured(resource = RESOURCE, action = ActionTypes.WRITE, signType = SignType.CONSOLE)
        public boolean delete(@RequestParam String namespaceId) {
            return namespaces.removeNamespace(namespaceId);
        }
    }
}
