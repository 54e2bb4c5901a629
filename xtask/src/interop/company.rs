//! The company that the scenarios call: three employees, a line, a menu, a queue, a trunk.

/// The line's number, as the trunk dials it.
pub(crate) const NUMBER: &str = "+49301234567";

/// The employees: login, extension, SIP password.
pub(crate) const ANNA: Employee =
    Employee { login: "anna", extension: "101", password: "test-anna-8Rk2nWq5Zt7c" };
/// The second employee.
pub(crate) const BRUNO: Employee =
    Employee { login: "bruno", extension: "102", password: "test-bruno-4Hx9pLm3Vd6s" };
/// The third employee.
pub(crate) const CARLA: Employee =
    Employee { login: "carla", extension: "103", password: "test-carla-6Jf8yBg2Nw4k" };

/// An employee.
#[derive(Clone, Copy)]
pub(crate) struct Employee {
    /// The name that the phones register with.
    pub(crate) login: &'static str,
    /// The extension.
    pub(crate) extension: &'static str,
    /// The password of the phones.
    pub(crate) password: &'static str,
}

/// The settings that the scenarios vary (R4 to R7).
#[derive(Clone, Copy)]
pub(crate) struct Line {
    /// Verarbeitung der Durchwahl.
    pub(crate) extension_processing: bool,
    /// Whether the welcome message plays.
    pub(crate) welcome: bool,
    /// Whether the voice menu follows.
    pub(crate) menu: bool,
    /// Whether its calls are recorded.
    pub(crate) recorded: bool,
}

impl Default for Line {
    fn default() -> Self {
        Self { extension_processing: true, welcome: true, menu: true, recorded: false }
    }
}

/// The directory as TOML; the outside world is at 127.0.0.1:`trunk`.
pub(crate) fn directory(trunk: u16, line: Line) -> String {
    let mut text = format!(
        "[numbering]\ncountry = \"DE\"\n\n\
         [[trunks]]\nid = \"outside\"\nkind = \"peer\"\nhost = \"127.0.0.1\"\nport = {trunk}\n\n\
         [[lines]]\nid = \"main\"\nname = \"Head office\"\nnumber = \"{NUMBER}\"\ntrunk = \"outside\"\n\
         extension_processing = {}\nwelcome = {}\nrecorded = {}\n{}\
         timers = {{ first_digit = 2, inter_digit = 1.5, ring = 4, responsible = 4 }}\n\n",
        line.extension_processing,
        line.welcome,
        line.recorded,
        if line.menu { "menu = \"main\"\n" } else { "" },
    );
    for employee in [ANNA, BRUNO, CARLA] {
        let Employee { login, extension, password } = employee;
        text.push_str(&format!(
            "[[users]]\nlogin = \"{login}\"\nname = \"{login} of the tests\"\nextension = \"{extension}\"\n\
             password = \"{password}\"\ndefault_line = \"main\"\n\n"
        ));
    }
    text.push_str(
        "[[queues]]\nid = \"sales\"\nname = \"Sales\"\nstrategy = \"all\"\nring = 4\n\
         members = [\"bruno\", \"carla\"]\n\n\
         [[menus]]\nid = \"main\"\nname = \"Main menu\"\nprompt = \"menu\"\ndirect_dialling = true\noptions = [\n\
         { key = \"2\", action = { user = \"bruno\" } },\n\
         { key = \"3\", action = { queue = \"sales\" } },\n\
         { key = \"4\", action = { menu = \"more\" } },\n\
         { key = \"8\", action = \"repeat\" },\n\
         { key = \"9\", action = \"hang_up\" },\n]\n\n\
         [[menus]]\nid = \"more\"\nname = \"More\"\nprompt = \"menu_more\"\noptions = [\n\
         { key = \"1\", action = { user = \"anna\" } },\n\
         { key = \"8\", action = \"repeat\" },\n]\n\n\
         [[services]]\ncode = \"*43\"\nservice = \"echo\"\n\n\
         [[services]]\ncode = \"*60\"\nservice = { prompt_loop = \"moh\" }\n\n\
         [[services]]\ncode = \"*31\"\nservice = { room = \"team\" }\n",
    );
    text
}
