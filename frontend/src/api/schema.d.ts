/** Generated from docs/openapi.json by `npm run types`. Not to be edited. */

export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Healthz
         * @description The process lives.
         */
        get: operations["healthz_healthz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Readyz
         * @description Each part's state. Only Postgres is needed to accept a job; the rest degrades.
         */
        get: operations["readyz_readyz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Acts
         * @description What admins did, newest first.
         */
        get: operations["list_acts_v1_admin_audit_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Keys
         * @description Keys of all tenants, or of one, newest first; those that are of no use any more among them.
         */
        get: operations["list_keys_v1_admin_keys_get"];
        put?: never;
        /**
         * Create Key
         * @description Make a key, for any tenant. The answer is the only place where it is ever shown.
         */
        post: operations["create_key_v1_admin_keys_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Key
         * @description One key.
         */
        get: operations["get_key_v1_admin_keys__key_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/keys/{key_id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke Key
         * @description End a key, and every sign-in that was traded for it. All processes know within ten seconds.
         */
        post: operations["revoke_key_v1_admin_keys__key_id__revoke_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/keys/{key_id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate Key
         * @description Make a key with the same name and scopes; the old one is good until the grace is over.
         */
        post: operations["rotate_key_v1_admin_keys__key_id__rotate_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Service Limits
         * @description What holds for tenants of which nothing else is said; the service's settings say it.
         */
        get: operations["service_limits_v1_admin_limits_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/limits/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Key Limits
         * @description A key's limits.
         */
        get: operations["key_limits_v1_admin_limits_keys__key_id__get"];
        /**
         * Set Key Limits
         * @description Say this of a key. Its tenant's limits go on holding: a key's can only be tighter.
         */
        put: operations["set_key_limits_v1_admin_limits_keys__key_id__put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/limits/tenants/{tenant_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tenant Limits
         * @description A tenant's limits.
         */
        get: operations["tenant_limits_v1_admin_limits_tenants__tenant_id__get"];
        /**
         * Set Tenant Limits
         * @description Say this of a tenant, in place of all that was said before. Holds in every process within seconds.
         */
        put: operations["set_tenant_limits_v1_admin_limits_tenants__tenant_id__put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tenants
         * @description Tenants, newest first.
         */
        get: operations["list_tenants_v1_admin_tenants_get"];
        put?: never;
        /**
         * Create Tenant
         * @description Make a tenant.
         */
        post: operations["create_tenant_v1_admin_tenants_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/tenants/{tenant_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Tenant
         * @description One tenant.
         */
        get: operations["get_tenant_v1_admin_tenants__tenant_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change Tenant
         * @description Change its name or weight, suspend it, or let it in again.
         */
        patch: operations["change_tenant_v1_admin_tenants__tenant_id__patch"];
        trace?: never;
    };
    "/v1/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Agents
         * @description Every agent with its schemas, its workers and its queues.
         */
        get: operations["list_agents_v1_agents_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/analyze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Analyze Program
         * @description Look a program through without running it, by this service's own Python.
         */
        post: operations["analyze_program_v1_analyze_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Jobs
         * @description Jobs, newest first.
         */
        get: operations["list_jobs_v1_jobs_get"];
        put?: never;
        /**
         * Submit Job
         * @description Accept a job. When this answers 202, the job is written down and will be done.
         */
        post: operations["submit_job_v1_jobs_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Job
         * @description One job, with its result once it has ended.
         */
        get: operations["get_job_v1_jobs__job_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete Job
         * @description Remove a job that has ended, its events and its artifacts.
         */
        delete: operations["delete_job_v1_jobs__job_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{job_id}/artifacts/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Artifact
         * @description The bytes of a figure or file that the job made.
         */
        get: operations["get_artifact_v1_jobs__job_id__artifacts__name__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{job_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Job
         * @description Stop a job: a queued one at once, a running one within about a second. What it made so far is kept.
         */
        post: operations["cancel_job_v1_jobs__job_id__cancel_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{job_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Job Events
         * @description Everything that happened after `after`, and what happens from now on, up to the end.
         *
         *     With `Accept: application/json`, a page of what is there now; it may be shorter than `limit` where events are large.
         */
        get: operations["job_events_v1_jobs__job_id__events_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{job_id}/input": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer Job
         * @description Answer the question that an `input.requested` event named. The first answer counts; it is deleted when the
         *     program has it, and is never logged.
         */
        post: operations["answer_job_v1_jobs__job_id__input_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{job_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry Job
         * @description A new job with the same input.
         */
        post: operations["retry_job_v1_jobs__job_id__retry_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Me
         * @description Who asks, and what they may do.
         */
        get: operations["me_v1_me_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Models
         * @description Who answers: the chain of the generator, as its newest worker has it; then what other agents ask besides.
         */
        get: operations["list_models_v1_models_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Sessions
         * @description Sessions, newest first.
         */
        get: operations["list_sessions_v1_sessions_get"];
        put?: never;
        /**
         * Create Session
         * @description Begin a session.
         */
        post: operations["create_session_v1_sessions_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Session
         * @description One session.
         */
        get: operations["get_session_v1_sessions__session_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete Session
         * @description Delete a session with its jobs and files. What runs is cancelled, its sandbox stopped; when the last job has
         *     ended, everything is removed.
         */
        delete: operations["delete_session_v1_sessions__session_id__delete"];
        options?: never;
        head?: never;
        /**
         * Rename Session
         * @description Give it another title.
         */
        patch: operations["rename_session_v1_sessions__session_id__patch"];
        trace?: never;
    };
    "/v1/sessions/{session_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Session Events
         * @description Everything that happened in all jobs of the session, and what happens from now on, also in jobs to come.
         *
         *     An event has an opaque `id` that says how far each job has come; `session.updated` hints that the session is shown
         *     differently. The stream has no end of its own.
         */
        get: operations["session_events_v1_sessions__session_id__events_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Files
         * @description All files, by path.
         */
        get: operations["list_files_v1_sessions__session_id__files_get"];
        put?: never;
        /**
         * Upload Files
         * @description Upload files as a form (`multipart/form-data`, each in a field `file`).
         */
        post: operations["upload_files_v1_sessions__session_id__files_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/files/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get File
         * @description Download a file.
         */
        get: operations["get_file_v1_sessions__session_id__files__path__get"];
        /**
         * Put File
         * @description Upload a file: the body is its content. A file that is there becomes an older version.
         */
        put: operations["put_file_v1_sessions__session_id__files__path__put"];
        post?: never;
        /**
         * Delete File
         * @description Delete a file.
         */
        delete: operations["delete_file_v1_sessions__session_id__files__path__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Session History
         * @description Prompts, programs, answers and runs with their outcomes, in the order in which they came.
         */
        get: operations["session_history_v1_sessions__session_id__history_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset Session
         * @description Let the next run begin in a fresh sandbox: files stay, variables go. What runs now runs on.
         */
        post: operations["reset_session_v1_sessions__session_id__reset_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Session Usage
         * @description Tokens of language models, and their cost, over the session's jobs that have ended.
         */
        get: operations["session_usage_v1_sessions__session_id__usage_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign In
         * @description Set the cookie. Where nobody is asked there is none, and it answers the same.
         */
        post: operations["sign_in_v1_sign_in_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign Out
         * @description End the page's sign-in, everywhere, and take the cookie back.
         */
        post: operations["sign_out_v1_sign_out_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Usage
         * @description Jobs, seconds, tokens and cost by day and agent.
         */
        get: operations["get_usage_v1_usage_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AgentDayView
         * @description What an agent's jobs used that ended on one day (UTC). Jobs that never ran are not among them.
         */
        AgentDayView: {
            /** Agent */
            agent: string;
            /**
             * Cost Usd
             * @description As far as the models have prices (`ACI_MODEL_PRICES`)
             */
            cost_usd: number;
            /**
             * Day
             * Format: date
             */
            day: string;
            /** Input Tokens */
            input_tokens: number;
            /** Jobs */
            jobs: number;
            /** Output Tokens */
            output_tokens: number;
            /** Run S */
            run_s: number;
        };
        /**
         * AgentList
         * @description All agents.
         */
        AgentList: {
            /** Items */
            items: components["schemas"]["AgentView"][];
            /**
             * Refused
             * @description Packages that were left out, and why
             */
            refused: components["schemas"]["RefusedView"][];
        };
        /**
         * AgentView
         * @description An agent, as a client needs it.
         */
        AgentView: {
            /** Description */
            description: string;
            /** Input Schema */
            input_schema: {
                [key: string]: unknown;
            };
            /** Lanes */
            lanes: {
                [key: string]: components["schemas"]["LaneView"];
            };
            /** Name */
            name: string;
            /**
             * Package
             * @description The installed package that brings it, with its version; null: built in
             */
            package: string | null;
            /**
             * Pool
             * @description The pool of workers that serves it
             */
            pool: string;
            /** Result Schema */
            result_schema: {
                [key: string]: unknown;
            };
            /**
             * Slots
             * @description Jobs that its workers can run at the same time
             */
            slots: number;
            /** Title */
            title: string;
            /** Workers */
            workers: number;
        };
        /**
         * AnalysisView
         * @description What was found in its syntax tree; with a `syntax_error`, nothing else.
         */
        AnalysisView: {
            /**
             * Draws
             * @description It imports what draws figures, or calls it
             */
            draws: boolean;
            /**
             * Imports
             * @description Modules by their first name, in order of the alphabet
             */
            imports: string[];
            /**
             * Inputs
             * @description Where it calls input()
             */
            inputs: components["schemas"]["InputCall"][];
            /**
             * Reads Files
             * @description Paths that it names where it opens them to read
             */
            reads_files: string[];
            syntax_error: components["schemas"]["SyntaxProblem"] | null;
        };
        /**
         * Answer
         * @description The answer to what a running job asks.
         */
        Answer: {
            /**
             * Request
             * @description The `request` of the `input.requested` event
             */
            request: string;
            /** Text */
            text: string;
        };
        /**
         * Answered
         * @description The answer is on its way to the program.
         */
        Answered: {
            /** Job Id */
            job_id: string;
            /** Request */
            request: string;
        };
        /**
         * AuditPage
         * @description A page of acts, newest first.
         */
        AuditPage: {
            /** Items */
            items: components["schemas"]["AuditView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * AuditView
         * @description One act of an admin.
         */
        AuditView: {
            /** Action */
            action: string;
            /** At */
            at: string;
            /** Detail */
            detail: {
                [key: string]: unknown;
            };
            /** Id */
            id: string;
            /** Request Id */
            request_id: string;
            /** Subject */
            subject: string;
            /** Target */
            target: string;
            /**
             * Tenant Id
             * @description The tenant of whoever acted
             */
            tenant_id: string;
        };
        /** Body_upload_files_v1_sessions__session_id__files_post */
        Body_upload_files_v1_sessions__session_id__files_post: {
            /** File */
            file: string[];
        };
        /**
         * CandidateView
         * @description One model of the chain.
         */
        CandidateView: {
            /**
             * Asked By
             * @description Agents that have it in their chain
             */
            asked_by: string[];
            last_error: components["schemas"]["ModelError"] | null;
            /** Model */
            model: string;
            /**
             * State
             * @description Of its circuit: `closed`, it is asked in its turn; `open`, it failed, and others are asked first; `half-open`, the next question tries it
             * @enum {string}
             */
            state: "closed" | "half-open" | "open";
        };
        /** CodeCompleted */
        CodeCompleted: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Code */
            code: string;
            /** Explanation */
            explanation: string;
            /** Job Id */
            job_id: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "code.completed";
        };
        /** CodeDelta */
        CodeDelta: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /** Text */
            text: string;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "code.delta";
        };
        /**
         * CodeErrored
         * @description The program raised.
         */
        CodeErrored: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /**
             * Column
             * @description Column, from 1, of a syntax error; None for all others
             */
            column?: number | null;
            /** Job Id */
            job_id: string;
            /**
             * Line
             * @description Line of the program; None when it was raised elsewhere
             */
            line: number | null;
            /** Name */
            name: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /** Traceback */
            traceback: string[];
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "error";
            /** Value */
            value: string;
        };
        /**
         * CodeReset
         * @description Forget the code so far: the answer broke off and begins anew.
         */
        CodeReset: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "code.reset";
        };
        /**
         * EventPage
         * @description A page of a job's events, in order.
         */
        EventPage: {
            /** Items */
            items: (components["schemas"]["JobQueued"] | components["schemas"]["JobRunning"] | components["schemas"]["JobProgress"] | components["schemas"]["JobRetrying"] | components["schemas"]["ModelSelected"] | components["schemas"]["ModelFallback"] | components["schemas"]["TextDelta"] | components["schemas"]["CodeDelta"] | components["schemas"]["CodeReset"] | components["schemas"]["CodeCompleted"] | components["schemas"]["Stdout"] | components["schemas"]["Stderr"] | components["schemas"]["Output"] | components["schemas"]["CodeErrored"] | components["schemas"]["InputRequested"] | components["schemas"]["InputReceived"] | components["schemas"]["ToolStarted"] | components["schemas"]["ToolFinished"] | components["schemas"]["SandboxStarted"] | components["schemas"]["SandboxReset"] | components["schemas"]["FileChanged"] | components["schemas"]["JobSucceeded"] | components["schemas"]["JobFailed"] | components["schemas"]["JobCancelled"] | components["schemas"]["JobExpired"])[];
            /**
             * Next After
             * @description What to pass as `after` for the next page; null at the end for now
             */
            next_after: number | null;
        };
        /**
         * ExecuteInput
         * @description The program, and what it is given.
         */
        ExecuteInput: {
            /** Code */
            code: string;
            /**
             * Files
             * @description Files put into the working directory first
             */
            files?: components["schemas"]["InlineFile"][] | null;
            /**
             * Inputs
             * @description Answers to input(), in order
             */
            inputs?: string[] | null;
            /**
             * Reset
             * @description Start with a fresh interpreter: files stay, variables go
             * @default false
             */
            reset: boolean;
            /**
             * Timeout S
             * @description Longest run, in seconds
             * @default 60
             */
            timeout_s: number;
        };
        /**
         * ExecuteJob
         * @description Runs a Python program in a sandbox and streams what comes out.
         */
        ExecuteJob: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            agent: "execute";
            /**
             * Deadline S
             * @description Expires when not done so long after `run_at`, or after now
             */
            deadline_s?: number | null;
            input: components["schemas"]["ExecuteInput"];
            /**
             * @description `batch` gives way to jobs that somebody waits for
             * @default interactive
             */
            lane: components["schemas"]["Lane"];
            /**
             * Max Attempts
             * @description Attempts after infrastructure faults
             */
            max_attempts?: number | null;
            /**
             * Metadata
             * @description Up to 16 labels of your own
             */
            metadata?: {
                [key: string]: string;
            };
            /**
             * @description When the session has such a job already
             * @default enqueue
             */
            on_busy: components["schemas"]["OnBusy"];
            /**
             * Priority
             * @description Higher goes first, among the jobs of one lane
             * @default 5
             */
            priority: number;
            /**
             * Run At
             * @description Not before this time; RFC 3339, with its offset
             */
            run_at?: string | null;
            /**
             * Session Id
             * @description The session whose files, conversation and sandbox it uses
             */
            session_id?: string | null;
        };
        /**
         * FieldError
         * @description One wrong field.
         */
        FieldError: {
            /** Detail */
            detail: string;
            /**
             * Pointer
             * @description JSON pointer into the body (RFC 6901); `/query/…`, `/path/…` or `/header/…`
             */
            pointer: string;
        };
        /** FileChanged */
        FileChanged: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /**
             * Change
             * @enum {string}
             */
            change: "created" | "modified" | "deleted";
            /** File Id */
            file_id: string | null;
            /** Job Id */
            job_id: string;
            /** Path */
            path: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /** Size */
            size: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "file.changed";
        };
        /**
         * FileList
         * @description Files of a session, by path.
         */
        FileList: {
            /** Items */
            items: components["schemas"]["FileView"][];
        };
        /**
         * FileView
         * @description One version of a file.
         */
        FileView: {
            /** Created At */
            created_at: string;
            /** Id */
            id: string;
            /**
             * Job Id
             * @description The job whose code wrote it; null when it was uploaded
             */
            job_id: string | null;
            /** Path */
            path: string;
            /**
             * Replaced At
             * @description When a newer version came, or the file went; null for the newest
             */
            replaced_at: string | null;
            /** Sha256 */
            sha256: string;
            /** Size */
            size: number;
        };
        /**
         * Fix
         * @description A program that failed, to be mended.
         */
        Fix: {
            /** Code */
            code: string;
            /**
             * Error
             * @description Its traceback
             */
            error: string;
        };
        /**
         * GenerateInput
         * @description What the user wants.
         */
        GenerateInput: {
            /**
             * Base Code
             * @description A program to change instead of writing a new one
             */
            base_code?: string | null;
            /**
             * Files
             * @description Paths of the session's files to work on; all of them when absent
             */
            files?: string[] | null;
            /** @description A program that failed, with its error, to be mended */
            fix?: components["schemas"]["Fix"] | null;
            /**
             * Prompt
             * @description What the program should do, in plain words
             */
            prompt: string;
        };
        /**
         * GenerateJob
         * @description Turns plain words into a Python program.
         */
        GenerateJob: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            agent: "generate";
            /**
             * Deadline S
             * @description Expires when not done so long after `run_at`, or after now
             */
            deadline_s?: number | null;
            input: components["schemas"]["GenerateInput"];
            /**
             * @description `batch` gives way to jobs that somebody waits for
             * @default interactive
             */
            lane: components["schemas"]["Lane"];
            /**
             * Max Attempts
             * @description Attempts after infrastructure faults
             */
            max_attempts?: number | null;
            /**
             * Metadata
             * @description Up to 16 labels of your own
             */
            metadata?: {
                [key: string]: string;
            };
            /**
             * @description When the session has such a job already
             * @default enqueue
             */
            on_busy: components["schemas"]["OnBusy"];
            /**
             * Priority
             * @description Higher goes first, among the jobs of one lane
             * @default 5
             */
            priority: number;
            /**
             * Run At
             * @description Not before this time; RFC 3339, with its offset
             */
            run_at?: string | null;
            /**
             * Session Id
             * @description The session whose files, conversation and sandbox it uses
             */
            session_id?: string | null;
        };
        /**
         * HistoryEntry
         * @description One job of the session.
         */
        HistoryEntry: {
            /** Agent */
            agent: string;
            /**
             * Asked
             * @description The prompt or task; null for what was not asked in words
             */
            asked: string | null;
            /**
             * Code
             * @description The program that was written, or run
             */
            code: string | null;
            /** Created At */
            created_at: string;
            error: components["schemas"]["HistoryError"] | null;
            /** Finished At */
            finished_at: string | null;
            /** Job Id */
            job_id: string;
            /**
             * Printed
             * @description The beginning of what a run printed
             */
            printed: string | null;
            /**
             * Said
             * @description The explanation or answer
             */
            said: string | null;
            state: components["schemas"]["State"];
        };
        /**
         * HistoryError
         * @description Why a job failed.
         */
        HistoryError: {
            /** Detail */
            detail: string | null;
            /**
             * Line
             * @description Line of the program, where it was the program's fault
             */
            line: number | null;
            /** Title */
            title: string | null;
        };
        /**
         * HistoryPage
         * @description A page of the conversation, oldest first.
         */
        HistoryPage: {
            /** Items */
            items: components["schemas"]["HistoryEntry"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * InlineFile
         * @description A small file that comes with the request; larger ones are uploaded into a session.
         */
        InlineFile: {
            /** Base64 */
            base64?: string | null;
            /** Path */
            path: string;
            /** Text */
            text?: string | null;
        };
        /**
         * InputCall
         * @description A place where the program asks its user something.
         */
        InputCall: {
            /** Line */
            line: number;
            /** Prompt */
            prompt: string;
        };
        /**
         * InputReceived
         * @description The program has its answer. What it is, is kept nowhere.
         */
        InputReceived: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /** Request */
            request: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "input.received";
        };
        /**
         * InputRequested
         * @description The program waits for an answer (`POST /v1/jobs/{job_id}/input`).
         */
        InputRequested: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /**
             * Password
             * @description The answer is not to be shown
             */
            password: boolean;
            /** Prompt */
            prompt: string;
            /**
             * Request
             * @description Names the question in its answer
             */
            request: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "input.requested";
        };
        /** JobCancelled */
        JobCancelled: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            job: components["schemas"]["JobView"];
            /** Job Id */
            job_id: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "job.cancelled";
        };
        /** JobExpired */
        JobExpired: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            job: components["schemas"]["JobView"];
            /** Job Id */
            job_id: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "job.expired";
        };
        /** JobFailed */
        JobFailed: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            job: components["schemas"]["JobView"];
            /** Job Id */
            job_id: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "job.failed";
        };
        /**
         * JobPage
         * @description A page of jobs, newest first.
         */
        JobPage: {
            /** Items */
            items: components["schemas"]["JobView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * JobProblem
         * @description Why a job failed; kinds of failure may say more in fields of their own.
         */
        JobProblem: {
            /** Detail */
            detail: string;
            /** Title */
            title: string;
            /** Type */
            type: string;
        } & {
            [key: string]: unknown;
        };
        /** JobProgress */
        JobProgress: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /** Message */
            message: string;
            /** Percent */
            percent?: number | null;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /** Step */
            step?: number | null;
            /** Steps */
            steps?: number | null;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "job.progress";
        };
        /** JobQueued */
        JobQueued: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "job.queued";
        };
        /** JobRetrying */
        JobRetrying: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /** Next Attempt At */
            next_attempt_at: string;
            /** Reason */
            reason: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "job.retrying";
        };
        /** JobRunning */
        JobRunning: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "job.running";
            /** Worker */
            worker: string;
        };
        /** JobSucceeded */
        JobSucceeded: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            job: components["schemas"]["JobView"];
            /** Job Id */
            job_id: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "job.succeeded";
        };
        /**
         * JobView
         * @description A job as the API shows it. Times are RFC 3339 in UTC.
         */
        JobView: {
            /** Agent */
            agent: string;
            /** Attempt */
            attempt: number;
            /** Cancel Requested */
            cancel_requested: boolean;
            /** Created At */
            created_at: string;
            /** Deadline At */
            deadline_at: string | null;
            error: components["schemas"]["JobProblem"] | null;
            /** Finished At */
            finished_at: string | null;
            /** Id */
            id: string;
            /** Input */
            input: {
                [key: string]: unknown;
            };
            lane: components["schemas"]["Lane"];
            /**
             * Last Seq
             * @description Number of its newest event
             */
            last_seq: number;
            /** Max Attempts */
            max_attempts: number;
            /** Metadata */
            metadata: {
                [key: string]: unknown;
            };
            /** Priority */
            priority: number;
            /** @description While queued, and where one job is asked for by itself */
            queue?: components["schemas"]["QueuePlace"] | null;
            /** Replayed From */
            replayed_from: string | null;
            /** Result */
            result: {
                [key: string]: unknown;
            } | null;
            /** Run At */
            run_at: string | null;
            /** Session Id */
            session_id: string | null;
            /** Started At */
            started_at: string | null;
            state: components["schemas"]["State"];
            timings: components["schemas"]["Timings"];
            /** Usage */
            usage: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * KeyCreate
         * @description A new key.
         */
        KeyCreate: {
            /**
             * Expires In S
             * @description Seconds until it ends by itself
             */
            expires_in_s?: number | null;
            /** Name */
            name: string;
            /**
             * Scopes
             * @default [
             *       "user"
             *     ]
             */
            scopes: components["schemas"]["Scope"][];
            /**
             * Tenant Id
             * @description Whose it is; your own tenant's, where it is left out
             */
            tenant_id?: string | null;
        };
        /**
         * KeyOfMe
         * @description The key that one came with, or traded for the cookie.
         */
        KeyOfMe: {
            /** Expires At */
            expires_at: string | null;
            /** Hint */
            hint: string;
            /** Id */
            id: string;
            /** Name */
            name: string;
        };
        /**
         * KeyPage
         * @description A page of keys, newest first.
         */
        KeyPage: {
            /** Items */
            items: components["schemas"]["KeyView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * KeyRotate
         * @description How one key takes the place of another.
         */
        KeyRotate: {
            /**
             * Expires In S
             * @description Left out: the new one lasts as long as the old one was to
             */
            expires_in_s?: number | null;
            /**
             * Grace S
             * @description How long the old one is still good
             * @default 86400
             */
            grace_s: number;
        };
        /**
         * KeyView
         * @description A key, without itself.
         */
        KeyView: {
            /** Created At */
            created_at: string;
            /** Expires At */
            expires_at: string | null;
            /**
             * Hint
             * @description Its first characters
             */
            hint: string;
            /** Id */
            id: string;
            /**
             * Last Used At
             * @description To the minute or so
             */
            last_used_at: string | null;
            /** Name */
            name: string;
            /** Revoked At */
            revoked_at: string | null;
            /**
             * Rotated From
             * @description The key in whose place it was made
             */
            rotated_from: string | null;
            /** Scopes */
            scopes: components["schemas"]["Scope"][];
            /** Tenant Id */
            tenant_id: string;
        };
        /**
         * Lane
         * @description Somebody waits in front of a screen, or nobody does.
         * @enum {string}
         */
        Lane: "interactive" | "batch";
        /**
         * LaneView
         * @description How busy an agent is in one lane.
         */
        LaneView: {
            /**
             * Oldest S
             * @description Age of the oldest queued job
             */
            oldest_s: number | null;
            /** Queued */
            queued: number;
            /** Running */
            running: number;
            /**
             * Slots
             * @description Jobs of this lane that its workers can run at the same time
             */
            slots: number;
        };
        /**
         * Limits
         * @description Null is unlimited. A field that is left out says nothing: then the next wider limit holds alone.
         */
        "Limits-Input": {
            /**
             * Batch Lines
             * @description Lines of one batch
             */
            batch_lines?: number | null;
            /**
             * Cost Per Day Usd
             * @description What they cost in a day (UTC), in USD
             */
            cost_per_day_usd?: number | null;
            /**
             * Queued Jobs
             * @description Jobs that wait
             */
            queued_jobs?: number | null;
            /**
             * Requests Per Minute
             * @description Requests a minute; a minute's worth may come at once
             */
            requests_per_minute?: number | null;
            /**
             * Running Jobs
             * @description Jobs under way at once, over all agents. For a key: its queued and running jobs together
             */
            running_jobs?: number | null;
            /**
             * Storage Bytes
             * @description Bytes of the tenant's files and figures. For a key: it adds none beyond
             */
            storage_bytes?: number | null;
            /**
             * Tokens Per Day
             * @description Tokens of language models, in and out, in a day (UTC)
             */
            tokens_per_day?: number | null;
        };
        /**
         * Limits
         * @description Null is unlimited. A field that is left out says nothing: then the next wider limit holds alone.
         */
        "Limits-Output": {
            /**
             * Batch Lines
             * @description Lines of one batch
             */
            batch_lines: number | null;
            /**
             * Cost Per Day Usd
             * @description What they cost in a day (UTC), in USD
             */
            cost_per_day_usd: number | null;
            /**
             * Queued Jobs
             * @description Jobs that wait
             */
            queued_jobs: number | null;
            /**
             * Requests Per Minute
             * @description Requests a minute; a minute's worth may come at once
             */
            requests_per_minute: number | null;
            /**
             * Running Jobs
             * @description Jobs under way at once, over all agents. For a key: its queued and running jobs together
             */
            running_jobs: number | null;
            /**
             * Storage Bytes
             * @description Bytes of the tenant's files and figures. For a key: it adds none beyond
             */
            storage_bytes: number | null;
            /**
             * Tokens Per Day
             * @description Tokens of language models, in and out, in a day (UTC)
             */
            tokens_per_day: number | null;
        };
        /**
         * LimitsView
         * @description Limits as they are said, and as they hold.
         */
        LimitsView: {
            /** @description What holds: of a tenant with the service's defaults, of a key the tighter */
            effective: components["schemas"]["Limits-Output"];
            /**
             * Said
             * @description What was said of it: null is unlimited, and a name that is missing says nothing
             */
            said: {
                [key: string]: number | null;
            };
        };
        /**
         * Me
         * @description Who asks.
         */
        Me: {
            /**
             * Auth
             * @description `none`: nobody is asked here who they are
             * @enum {string}
             */
            auth: "none" | "keys";
            /**
             * Csrf Token
             * @description With the page's cookie: what its unsafe requests carry as `X-CSRF-Token`. Ends with the sign-in
             */
            csrf_token: string | null;
            key: components["schemas"]["KeyOfMe"] | null;
            /** @description The tighter of the tenant's and the key's; null is unlimited */
            limits: components["schemas"]["Limits-Output"];
            /** Scopes */
            scopes: components["schemas"]["Scope"][];
            /** Subject */
            subject: string;
            tenant: components["schemas"]["TenantOfMe"];
            used: components["schemas"]["UsedOfMe"];
        };
        /**
         * ModelError
         * @description Why a model could not answer, the last time that it could not.
         */
        ModelError: {
            /**
             * Advice
             * @description What to do about it
             */
            advice: string | null;
            /** At */
            at: string;
            /** Kind */
            kind: string;
            /** Reason */
            reason: string;
        };
        /**
         * ModelFallback
         * @description The first model could not answer; the next one is asked.
         */
        ModelFallback: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** From */
            from: string;
            /** Job Id */
            job_id: string;
            /** Reason */
            reason: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /** To */
            to: string;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "model.fallback";
        };
        /** ModelSelected */
        ModelSelected: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /** Model */
            model: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "model.selected";
        };
        /**
         * ModelView
         * @description The models that the workers ask, in order.
         */
        ModelView: {
            /** Chain */
            chain: string[];
            /**
             * Demo
             * @description Answers come from a small built-in library, not from a language model
             */
            demo: boolean;
            /** Detail */
            detail: string;
            /**
             * Model
             * @description The one asked first; null while no generator runs
             */
            model: string | null;
            /**
             * Models
             * @description The chain, then what other agents have in theirs; each with its circuit as the worst-off process has it, and with its newest error
             */
            models: components["schemas"]["CandidateView"][];
        };
        /**
         * NewKey
         * @description A key that was just made.
         */
        NewKey: {
            /** Created At */
            created_at: string;
            /** Expires At */
            expires_at: string | null;
            /**
             * Hint
             * @description Its first characters
             */
            hint: string;
            /** Id */
            id: string;
            /**
             * Last Used At
             * @description To the minute or so
             */
            last_used_at: string | null;
            /** Name */
            name: string;
            /** Revoked At */
            revoked_at: string | null;
            /**
             * Rotated From
             * @description The key in whose place it was made
             */
            rotated_from: string | null;
            /** Scopes */
            scopes: components["schemas"]["Scope"][];
            /**
             * Secret
             * @description The key itself: it is kept nowhere, and never shown again
             */
            secret: string;
            /** Tenant Id */
            tenant_id: string;
        };
        /**
         * OnBusy
         * @description What to do when the session already has a job that holds what this one would.
         * @enum {string}
         */
        OnBusy: "enqueue" | "reject" | "interrupt";
        /**
         * Output
         * @description A figure, a table or a value: each MIME type maps to its text (or JSON), or to an artifact.
         */
        Output: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /**
             * Data
             * @description Empty when the output of this number is taken away again
             */
            data: {
                [key: string]: unknown;
            };
            /** Execution Count */
            execution_count?: number | null;
            /** Job Id */
            job_id: string;
            /**
             * Number
             * @description Its place among the run's outputs; one of the same number takes the place of the earlier
             */
            number?: number | null;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "output";
        };
        /**
         * Part
         * @description One part, and what is to be known of it.
         */
        Part: {
            /** Detail */
            detail: string;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "degraded" | "away";
            /** Tier */
            tier?: string | null;
        };
        /**
         * Problem
         * @description What every error answer holds.
         */
        Problem: {
            /** Detail */
            detail: string;
            /**
             * Errors
             * @description With 422: which fields, and why
             */
            errors?: components["schemas"]["FieldError"][] | null;
            /**
             * Instance
             * @description Path of the request
             */
            instance: string;
            /**
             * Limit
             * @description With 429: which limit, by its name in `/v1/me`
             */
            limit?: string | null;
            /** Request Id */
            request_id: string;
            /** Status */
            status: number;
            /** Title */
            title: string;
            /**
             * Type
             * @description `/problems/` and a fixed name of the kind of problem
             */
            type: string;
            /**
             * Whose
             * @description With 429: whose it is, `tenant` or `key`
             */
            whose?: string | null;
        };
        /**
         * Program
         * @description Python, as it would be run.
         */
        Program: {
            /** Code */
            code: string;
        };
        /**
         * QueuePlace
         * @description Where a queued job stands. A hint, worked out when it is asked for.
         */
        QueuePlace: {
            /** Eta S */
            eta_s: number | null;
            /**
             * Position
             * @description Jobs that would run before it if nothing else came
             */
            position: number;
        };
        /**
         * Readiness
         * @description `ready`: all is well. `degraded`: jobs are accepted, but some part is away. `unready`: they are not.
         */
        Readiness: {
            /** Parts */
            parts: {
                [key: string]: components["schemas"]["Part"];
            };
            /**
             * Status
             * @enum {string}
             */
            status: "ready" | "degraded" | "unready";
        };
        /**
         * RefusedView
         * @description An installed package whose agent can't be used.
         */
        RefusedView: {
            /** Package */
            package: string;
            /** Reason */
            reason: string;
        };
        /**
         * SandboxReset
         * @description Files are restored, variables are gone.
         */
        SandboxReset: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /** Reason */
            reason: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "sandbox.reset";
        };
        /** SandboxStarted */
        SandboxStarted: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /** Tier */
            tier: string;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "sandbox.started";
        };
        /**
         * SandboxState
         * @description The sandbox that the session's variables live in.
         */
        SandboxState: {
            /** Expires At */
            expires_at: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "none" | "running";
        };
        /**
         * Scope
         * @description What a principal may do.
         * @enum {string}
         */
        Scope: "user" | "admin";
        /**
         * SessionChange
         * @description What can be changed of a session.
         */
        SessionChange: {
            /** Title */
            title: string;
        };
        /**
         * SessionCreate
         * @description A new session.
         */
        SessionCreate: {
            /**
             * Title
             * @default
             */
            title: string;
        };
        /**
         * SessionPage
         * @description A page of sessions, newest first.
         */
        SessionPage: {
            /** Items */
            items: components["schemas"]["SessionView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * SessionUsage
         * @description What the session's ended jobs used of language models.
         */
        SessionUsage: {
            /**
             * Cost Usd
             * @description As far as the models have prices (`ACI_MODEL_PRICES`)
             */
            cost_usd: number;
            /** Input Tokens */
            input_tokens: number;
            /** Output Tokens */
            output_tokens: number;
        };
        /**
         * SessionView
         * @description A session as it is shown.
         */
        SessionView: {
            /** Created At */
            created_at: string;
            /** Id */
            id: string;
            /** Jobs */
            jobs: number;
            sandbox: components["schemas"]["SandboxState"];
            /** Title */
            title: string;
            /** Updated At */
            updated_at: string;
        };
        /**
         * SignInRequest
         * @description What to sign in with.
         */
        SignInRequest: {
            /**
             * Credential
             * Format: password
             * @description An API key, or a token of a known issuer
             */
            credential: string;
        };
        /**
         * SolveInput
         * @description What the user wants to know or to have.
         */
        SolveInput: {
            /**
             * Files
             * @description Paths of the session's files that matter; all of them when absent
             */
            files?: string[] | null;
            /**
             * Max Turns
             * @description How often the model may be asked at most
             * @default 12
             */
            max_turns: number;
            /**
             * Task
             * @description What is to be found out or made, in plain words
             */
            task: string;
        };
        /**
         * SolveJob
         * @description Writes code, runs it, looks at what came out, and answers.
         */
        SolveJob: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            agent: "solve";
            /**
             * Deadline S
             * @description Expires when not done so long after `run_at`, or after now
             */
            deadline_s?: number | null;
            input: components["schemas"]["SolveInput"];
            /**
             * @description `batch` gives way to jobs that somebody waits for
             * @default interactive
             */
            lane: components["schemas"]["Lane"];
            /**
             * Max Attempts
             * @description Attempts after infrastructure faults
             */
            max_attempts?: number | null;
            /**
             * Metadata
             * @description Up to 16 labels of your own
             */
            metadata?: {
                [key: string]: string;
            };
            /**
             * @description When the session has such a job already
             * @default enqueue
             */
            on_busy: components["schemas"]["OnBusy"];
            /**
             * Priority
             * @description Higher goes first, among the jobs of one lane
             * @default 5
             */
            priority: number;
            /**
             * Run At
             * @description Not before this time; RFC 3339, with its offset
             */
            run_at?: string | null;
            /**
             * Session Id
             * @description The session whose files, conversation and sandbox it uses
             */
            session_id?: string | null;
        };
        /**
         * State
         * @description Where a job stands. Only the first two are live; the others are for good.
         * @enum {string}
         */
        State: "queued" | "running" | "succeeded" | "failed" | "cancelled" | "expired";
        /** Stderr */
        Stderr: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /** Text */
            text: string;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "stderr";
        };
        /** Stdout */
        Stdout: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /** Text */
            text: string;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "stdout";
        };
        /**
         * SyntaxProblem
         * @description Why it does not parse.
         */
        SyntaxProblem: {
            /** Column */
            column: number | null;
            /** Line */
            line: number | null;
            /** Message */
            message: string;
        };
        /**
         * TenantCreate
         * @description A new tenant.
         */
        TenantCreate: {
            /** Name */
            name: string;
            /**
             * Weight
             * @description Its share of the slots beside other tenants that wait
             * @default 1
             */
            weight: number;
        };
        /**
         * TenantOfMe
         * @description Whose things one sees.
         */
        TenantOfMe: {
            /** Id */
            id: string;
            /** Name */
            name: string;
        };
        /**
         * TenantPage
         * @description A page of tenants, newest first.
         */
        TenantPage: {
            /** Items */
            items: components["schemas"]["TenantView"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * TenantPatch
         * @description What is to be another; what is left out stays.
         */
        TenantPatch: {
            /**
             * Name
             * @default
             */
            name: string;
            /**
             * Suspended
             * @description Nobody of it is let in; what was accepted before is still done
             * @default false
             */
            suspended: boolean;
            /**
             * Weight
             * @description Its share of the slots beside other tenants that wait
             * @default 1
             */
            weight: number;
        };
        /**
         * TenantView
         * @description A tenant.
         */
        TenantView: {
            /** Created At */
            created_at: string;
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Suspended */
            suspended: boolean;
            /** Weight */
            weight: number;
        };
        /** TextDelta */
        TextDelta: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /** Text */
            text: string;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "text.delta";
        };
        /**
         * Timings
         * @description Milliseconds; null while the end of the span is not reached.
         */
        Timings: {
            /** Queued Ms */
            queued_ms: number | null;
            /** Run Ms */
            run_ms: number | null;
        };
        /** ToolFinished */
        ToolFinished: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Job Id */
            job_id: string;
            /**
             * Ok
             * @description The program ran to its end
             */
            ok: boolean;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /** Step */
            step: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool.finished";
        };
        /**
         * ToolStarted
         * @description A step of `solve`: what comes until it is finished is this program's.
         */
        ToolStarted: {
            /**
             * At
             * @description RFC 3339, UTC
             */
            at: string;
            /** Attempt */
            attempt: number;
            /** Code */
            code: string;
            /** Job Id */
            job_id: string;
            /**
             * Seq
             * @description Number of the event in its job: 1, 2, 3 … without a gap
             */
            seq: number;
            /** Step */
            step: number;
            /**
             * Truncated
             * @description It was larger than an event may be, and its longest parts are cut
             */
            truncated?: true | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool.started";
        };
        /**
         * UsageView
         * @description Usage from a first to a last day, the newest first. A day or an agent without jobs is left out.
         */
        UsageView: {
            /**
             * First
             * Format: date
             */
            first: string;
            /** Items */
            items: components["schemas"]["AgentDayView"][];
            /**
             * Last
             * Format: date
             */
            last: string;
        };
        /**
         * UsedOfMe
         * @description What the tenant has used of its limits.
         */
        UsedOfMe: {
            /** Cost Today Usd */
            cost_today_usd: number;
            /** Storage Bytes */
            storage_bytes: number;
            /**
             * Tokens Today
             * @description In and out, by jobs that ended since 00:00 UTC
             */
            tokens_today: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    healthz_healthz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: string;
                    };
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readyz_readyz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_acts_v1_admin_audit_get: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before */
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_keys_v1_admin_keys_get: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before */
                cursor?: string | null;
                limit?: number;
                tenant_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyPage"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_key_v1_admin_keys_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_key_v1_admin_keys__key_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_key_v1_admin_keys__key_id__revoke_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotate_key_v1_admin_keys__key_id__rotate_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["KeyRotate"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    service_limits_v1_admin_limits_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Limits-Output"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    key_limits_v1_admin_limits_keys__key_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LimitsView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_key_limits_v1_admin_limits_keys__key_id__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Limits-Input"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LimitsView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tenant_limits_v1_admin_limits_tenants__tenant_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LimitsView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_tenant_limits_v1_admin_limits_tenants__tenant_id__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Limits-Input"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LimitsView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_tenants_v1_admin_tenants_get: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before */
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantPage"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_tenant_v1_admin_tenants_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description A name of your own for this request: sent again within 24 hours, it creates nothing more */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TenantCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_tenant_v1_admin_tenants__tenant_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_tenant_v1_admin_tenants__tenant_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TenantPatch"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_agents_v1_agents_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentList"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    analyze_program_v1_analyze_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Program"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnalysisView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_jobs_v1_jobs_get: {
        parameters: {
            query?: {
                agent?: string | null;
                created_after?: string | null;
                created_before?: string | null;
                /** @description `next_cursor` of the page before */
                cursor?: string | null;
                lane?: components["schemas"]["Lane"] | null;
                limit?: number;
                session_id?: string | null;
                state?: components["schemas"]["State"] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPage"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    submit_job_v1_jobs_post: {
        parameters: {
            query?: {
                /** @description Hold the answer until the job ends, at most so many seconds */
                wait?: number;
            };
            header?: {
                /** @description A name of your own for this request: sent again within 24 hours, it creates nothing more */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GenerateJob"] | components["schemas"]["ExecuteJob"] | components["schemas"]["SolveJob"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_job_v1_jobs__job_id__get: {
        parameters: {
            query?: {
                /** @description Hold the answer until the job ends, at most so many seconds */
                wait?: number;
            };
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_job_v1_jobs__job_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_artifact_v1_jobs__job_id__artifacts__name__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_job_v1_jobs__job_id__cancel_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    job_events_v1_jobs__job_id__events_get: {
        parameters: {
            query?: {
                /** @description The number of the last event already seen */
                after?: number;
                limit?: number;
            };
            header?: {
                /** @description The `id` of the last event that was seen, as browsers send it by themselves; goes before `after` */
                "last-event-id"?: string | null;
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events, live; or a page of them as JSON */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventPage"];
                    "text/event-stream": unknown;
                };
            };
            /** @description The client has seen the last event already */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    answer_job_v1_jobs__job_id__input_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description A name of your own for this request: sent again within 24 hours, it creates nothing more */
                "idempotency-key"?: string | null;
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Answer"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answered"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retry_job_v1_jobs__job_id__retry_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description A name of your own for this request: sent again within 24 hours, it creates nothing more */
                "idempotency-key"?: string | null;
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    me_v1_me_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_models_v1_models_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_sessions_v1_sessions_get: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before */
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionPage"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_session_v1_sessions_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description A name of your own for this request: sent again within 24 hours, it creates nothing more */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SessionCreate"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_session_v1_sessions__session_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_session_v1_sessions__session_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rename_session_v1_sessions__session_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SessionChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    session_events_v1_sessions__session_id__events_get: {
        parameters: {
            query?: {
                /** @description The `id` of the last event already seen; `now`: only what comes */
                after?: string | null;
            };
            header?: {
                /** @description The `id` of the last event that was seen, as browsers send it by themselves; goes before `after` */
                "last-event-id"?: string | null;
            };
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events of all its jobs, live */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_files_v1_sessions__session_id__files_get: {
        parameters: {
            query?: {
                /** @description Also older versions, and files that a program deleted */
                versions?: boolean;
            };
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileList"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    upload_files_v1_sessions__session_id__files_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["Body_upload_files_v1_sessions__session_id__files_post"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileList"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_file_v1_sessions__session_id__files__path__get: {
        parameters: {
            query?: {
                /** @description An older version, as a job's result names it */
                file_id?: string | null;
            };
            header?: never;
            path: {
                path: string;
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_file_v1_sessions__session_id__files__path__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                path: string;
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileView"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_file_v1_sessions__session_id__files__path__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                path: string;
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    session_history_v1_sessions__session_id__history_get: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before */
                cursor?: string | null;
                limit?: number;
            };
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryPage"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reset_session_v1_sessions__session_id__reset_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    session_usage_v1_sessions__session_id__usage_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionUsage"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_in_v1_sign_in_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignInRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_out_v1_sign_out_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_usage_v1_usage_get: {
        parameters: {
            query?: {
                /** @description First day (UTC); 30 days before the last */
                from?: string | null;
                /** @description Last day (UTC); today */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsageView"];
                };
            };
            /** @description Something was wrong (RFC 9457) */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
